// Where numbers and parameters end. scan.l takes the longest match among its rules, and every number with letters directly
// behind it is junk, an error; so it is enough to match the number and to look at the next character.
import { codeAt, isDigit, isDigitOf, isIdentifierPart, isIdentifierStart } from "./characters.ts";

const DOLLAR = 36;
const DOT = 46;
const UNDERSCORE = 95;
let integer = true;

/** Whether the number that `endOfNumber` has read last has neither a decimal point nor an exponent. */
export function lastNumberIsInteger(): boolean {
  return integer;
}

/** Offset behind the number; `at` is at a digit, or at a dot before one. -1 if PostgreSQL would call it an error. */
export function endOfNumber(text: string, at: number): number {
  integer = true;
  const base = codeAt(text, at) === 48 ? baseOf(codeAt(text, at + 1) | 32) : 10;
  if (base !== 10) {
    const end = endOfDigits(text, at + 2, base);
    return end === at + 2 ? -1 : endUnlessJunk(text, at, end);
  }
  let position = isDigit(codeAt(text, at)) ? endOfDecimals(text, at) : at;
  if (codeAt(text, position) === DOT && (position === at || codeAt(text, position + 1) !== DOT)) {
    integer = false;
    position++;
    if (isDigit(codeAt(text, position))) position = endOfDecimals(text, position);
  }
  if ((codeAt(text, position) | 32) === 101) {
    integer = false;
    const sign = codeAt(text, position + 1);
    const isSigned = sign === 43 || sign === 45;
    const digits = position + (isSigned ? 2 : 1);
    if (!isDigit(codeAt(text, digits))) return -1;
    position = endOfDecimals(text, digits);
  }
  return endUnlessJunk(text, at, position);
}

/** `at` is behind the `$`. -1 for letters behind the number, and for numbers that PostgreSQL calls too large. */
export function endOfParameter(text: string, at: number): number {
  let position = at;
  let number = 0;
  for (let code = codeAt(text, position); isDigit(code); code = codeAt(text, ++position)) {
    number = number * 10 + code - 48;
    if (number > 0x7fffffff) return -1;
  }
  return isIdentifierStart(codeAt(text, position)) ? -1 : position;
}

/**
 * `end`, or -1 for junk: a character that begins a name or goes on with digits behind the number. A `$` is junk when the
 * number itself ends like a name: in `1_2$1` a `1` and the name `_2$1` are a longer match than `1_2`.
 */
function endUnlessJunk(text: string, at: number, end: number): number {
  const next = codeAt(text, end);
  if (isIdentifierStart(next) || isDigit(next)) return -1;
  if (next === DOLLAR) {
    for (let back = end - 1; back >= at && isIdentifierPart(codeAt(text, back)); back--) {
      if (isIdentifierStart(codeAt(text, back))) return -1;
    }
  }
  return end;
}

function baseOf(letter: number): 2 | 8 | 10 | 16 {
  return letter === 120 ? 16 : letter === 111 ? 8 : letter === 98 ? 2 : 10;
}

function endOfDecimals(text: string, at: number): number {
  let position = at;
  for (;;) {
    const code = codeAt(text, position);
    if (isDigit(code)) position++;
    else if (code === UNDERSCORE && position > at && isDigit(codeAt(text, position + 1))) position += 2;
    else return position;
  }
}

function endOfDigits(text: string, at: number, base: 2 | 8 | 16): number {
  let position = at;
  for (;;) {
    const code = codeAt(text, position);
    if (isDigitOf(base, code)) position++;
    else if (code === UNDERSCORE && isDigitOf(base, codeAt(text, position + 1))) position += 2;
    else return position;
  }
}
