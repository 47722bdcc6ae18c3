// Where numbers and parameters end. scan.l takes the longest match among its rules, and every number with letters directly
// behind it is junk, an error; so it is enough to match the number and to look at the next character.
import { isDigit, isDigitOf, isIdentifierStart } from "./characters.ts";

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
  const base = text.charCodeAt(at) === 48 ? baseOf(text.charCodeAt(at + 1) | 32) : 10;
  if (base !== 10) {
    const end = endOfDigits(text, at + 2, base);
    return end === at + 2 || isJunk(text.charCodeAt(end)) ? -1 : end;
  }
  let position = isDigit(text.charCodeAt(at)) ? endOfDecimals(text, at) : at;
  if (text.charCodeAt(position) === DOT && (position === at || text.charCodeAt(position + 1) !== DOT)) {
    integer = false;
    position++;
    if (isDigit(text.charCodeAt(position))) position = endOfDecimals(text, position);
  }
  if ((text.charCodeAt(position) | 32) === 101) {
    integer = false;
    const sign = text.charCodeAt(position + 1);
    const isSigned = sign === 43 || sign === 45;
    const digits = position + (isSigned ? 2 : 1);
    if (!isDigit(text.charCodeAt(digits))) return -1;
    position = endOfDecimals(text, digits);
    const next = text.charCodeAt(position);
    return isIdentifierStart(next) || (next === DOLLAR && !isSigned) ? -1 : position;
  }
  return isIdentifierStart(text.charCodeAt(position)) ? -1 : position;
}

/** `at` is behind the `$`. -1 for letters behind the number, and for numbers that PostgreSQL calls too large. */
export function endOfParameter(text: string, at: number): number {
  let position = at;
  let number = 0;
  for (let code = text.charCodeAt(position); isDigit(code); code = text.charCodeAt(++position)) {
    number = number * 10 + code - 48;
    if (number > 0x7fffffff) return -1;
  }
  return isIdentifierStart(text.charCodeAt(position)) ? -1 : position;
}

/** As an identifier, what follows could go on with a `$` too. */
function isJunk(code: number): boolean {
  return isIdentifierStart(code) || code === DOLLAR || isDigit(code);
}

function baseOf(letter: number): 2 | 8 | 10 | 16 {
  return letter === 120 ? 16 : letter === 111 ? 8 : letter === 98 ? 2 : 10;
}

function endOfDecimals(text: string, at: number): number {
  let position = at;
  for (;;) {
    const code = text.charCodeAt(position);
    if (isDigit(code)) position++;
    else if (code === UNDERSCORE && position > at && isDigit(text.charCodeAt(position + 1))) position += 2;
    else return position;
  }
}

function endOfDigits(text: string, at: number, base: 2 | 8 | 16): number {
  let position = at;
  for (;;) {
    const code = text.charCodeAt(position);
    if (isDigitOf(base, code)) position++;
    else if (code === UNDERSCORE && isDigitOf(base, text.charCodeAt(position + 1))) position += 2;
    else return position;
  }
}
