// Where quoted things end.
import { codeAt } from "./characters.ts";
import { endOfLine } from "./skip-space.ts";
import { TokenKind } from "./token-kind.ts";

const QUOTE = 39;
const BACKSLASH = 92;
const MINUS = 45;

/**
 * Offset behind the closing quote of a string, and of its continuations: "a newline and another quote" is one literal.
 * `at` is behind the opening quote. -1 if it does not end.
 */
export function endOfString(text: string, at: number, kind: TokenKind): number {
  let position = at;
  for (;;) {
    const close =
      kind === TokenKind.escapeString
        ? closingQuoteWithEscapes(text, position)
        : kind === TokenKind.bitString || kind === TokenKind.hexString
          ? text.indexOf("'", position)
          : closingQuote(text, position);
    if (close < 0) return -1;
    const continued = continuation(text, close + 1);
    if (continued < 0) return close + 1;
    position = continued;
  }
}

/** Offset behind the closing `"`; -1 if there is none, or if there is nothing between them. */
export function endOfQuoted(text: string, at: number): number {
  let position = at;
  for (;;) {
    const close = text.indexOf('"', position);
    if (close < 0 || (close === at && codeAt(text, close + 1) !== 34)) return -1;
    if (codeAt(text, close + 1) !== 34) return close + 1;
    position = close + 2;
  }
}

/** Offset of the quote that ends the string; a doubled one stands for itself. */
function closingQuote(text: string, at: number): number {
  const length = text.length;
  for (let position = at; position < length; position++) {
    if (codeAt(text, position) !== QUOTE) continue;
    if (codeAt(text, position + 1) !== QUOTE) return position;
    position++;
  }
  return -1;
}

function closingQuoteWithEscapes(text: string, at: number): number {
  const length = text.length;
  for (let position = at; position < length; position++) {
    const code = codeAt(text, position);
    if (code === BACKSLASH) {
      position++;
    } else if (code === QUOTE) {
      if (codeAt(text, position + 1) !== QUOTE) return position;
      position++;
    }
  }
  return -1;
}

/**
 * Offset behind the quote that continues a string, -1 if it is not continued. scan.l's quotecontinue: blanks and
 * comments of the -- kind, a newline, any more of both (such a comment must end with a newline), a quote.
 */
export function continuation(text: string, at: number): number {
  let position = at;
  let sawNewline = false;
  for (;;) {
    const code = codeAt(text, position);
    if (code === 10 || code === 13) {
      sawNewline = true;
      position++;
    } else if (code === 32 || code === 9 || code === 11 || code === 12) {
      position++;
    } else if (code === MINUS && codeAt(text, position + 1) === MINUS) {
      position = endOfLine(text, position + 2);
      if (position === text.length) return -1;
    } else {
      return code === QUOTE && sawNewline ? position + 1 : -1;
    }
  }
}
