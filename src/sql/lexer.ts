// Text to tokens, as PostgreSQL's scan.l does it with standard_conforming_strings on. It runs once per query, so it makes
// no object per token: offsets go into typed arrays that the next call overwrites.
import { codeAt, isIdentifierPart, isIdentifierStart, isOperatorCharacter, isSpace, isTagPart } from "./characters.ts";
import { endOfNumber, endOfParameter, lastNumberIsInteger } from "./lex-number.ts";
import { endOfOperator } from "./lex-operator.ts";
import { endOfQuoted, endOfString } from "./lex-string.ts";
import { skipSpace } from "./skip-space.ts";
import { TokenKind } from "./token-kind.ts";

const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const DOLLAR = 36;
const AMPERSAND = 38;
const OPEN = 40;
const CLOSE = 41;
const MINUS = 45;
const COMMA = 44;
const DOT = 46;
const SLASH = 47;
const STAR = 42;
const COLON = 58;
const SEMICOLON = 59;
const EQUALS = 61;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** `kinds[i]`, `starts[i]`, `ends[i]` for i below `count`; offsets are UTF-16. Valid until the next call of `lex`. */
export interface Tokens {
  count: number;
  kinds: Uint8Array;
  starts: Uint32Array;
  ends: Uint32Array;
}

const FIRST_CAPACITY = 4096;
const KEPT_CAPACITY = 1 << 18;
const tokens: Tokens = withCapacity(FIRST_CAPACITY);

/**
 * All tokens of `text`, without comments. undefined when PostgreSQL would refuse the text too: the parser then has the
 * message. Escapes inside of strings are not looked at.
 */
export function lex(text: string): Tokens | undefined {
  if (tokens.kinds.length > KEPT_CAPACITY) Object.assign(tokens, withCapacity(FIRST_CAPACITY));
  const length = text.length;
  let count = 0;
  let position = 0;
  let { kinds, starts, ends } = tokens;
  for (;;) {
    let code = codeAt(text, position);
    while (isSpace(code)) code = codeAt(text, ++position);
    if (position >= length) break;

    const start = position;
    let kind: TokenKind;
    if (isIdentifierStart(code)) {
      const next = codeAt(text, position + 1);
      kind = next === QUOTE ? prefixedString(code) : TokenKind.word;
      if (kind !== TokenKind.word) {
        position = endOfString(text, position + 2, kind);
      } else if (next === AMPERSAND && (code === 117 || code === 85) && isQuote(codeAt(text, position + 2))) {
        const isString = codeAt(text, position + 2) === QUOTE;
        kind = isString ? TokenKind.unicodeString : TokenKind.unicodeWord;
        position = isString ? endOfString(text, position + 3, kind) : endOfQuoted(text, position + 3);
      } else {
        while (isIdentifierPart(codeAt(text, ++position)));
      }
    } else if (code >= 48 && code <= 57) {
      position = endOfNumber(text, position);
      kind = lastNumberIsInteger() ? TokenKind.integer : TokenKind.numeric;
    } else {
      switch (code) {
        case QUOTE:
          kind = TokenKind.string;
          position = endOfString(text, position + 1, kind);
          break;
        case COMMA:
        case OPEN:
        case CLOSE:
        case SEMICOLON:
        case OPEN_BRACKET:
        case CLOSE_BRACKET:
          kind = TokenKind.symbol;
          position++;
          break;
        case DOT:
          if (codeAt(text, position + 1) >= 48 && codeAt(text, position + 1) <= 57) {
            kind = TokenKind.numeric;
            position = endOfNumber(text, position);
          } else {
            kind = TokenKind.symbol;
            position += codeAt(text, position + 1) === DOT ? 2 : 1;
          }
          break;
        case COLON: {
          const next = codeAt(text, position + 1);
          kind = TokenKind.symbol;
          position += next === COLON || next === EQUALS ? 2 : 1;
          break;
        }
        case DOUBLE_QUOTE:
          kind = TokenKind.quotedWord;
          position = endOfQuoted(text, position + 1);
          break;
        case DOLLAR: {
          const next = codeAt(text, position + 1);
          if (next >= 48 && next <= 57) {
            kind = TokenKind.parameter;
            position = endOfParameter(text, position + 1);
          } else {
            kind = TokenKind.dollarString;
            position = endOfDollarString(text, position);
          }
          break;
        }
        default: {
          if (!isOperatorCharacter(code)) return undefined;
          const next = codeAt(text, position + 1);
          if ((code === MINUS && next === MINUS) || (code === SLASH && next === STAR)) {
            position = skipSpace(text, position);
            if (position < 0) return undefined;
            continue;
          }
          position = endOfOperator(text, position);
          const isArrow = position === start + 2 && code === EQUALS && next === 62;
          kind = isArrow ? TokenKind.symbol : TokenKind.operator;
        }
      }
    }
    if (position < 0) return undefined;

    if (count === kinds.length) ({ kinds, starts, ends } = grow(count));
    kinds[count] = kind;
    starts[count] = start;
    ends[count] = position;
    count++;
  }
  tokens.count = count;
  return tokens;
}

function prefixedString(code: number): TokenKind {
  switch (code | 32) {
    case 101:
      return TokenKind.escapeString;
    case 98:
      return TokenKind.bitString;
    case 120:
      return TokenKind.hexString;
    case 110:
      return TokenKind.nationalString;
    default:
      return TokenKind.word;
  }
}

function isQuote(code: number): boolean {
  return code === QUOTE || code === DOUBLE_QUOTE;
}

/** `at` is at the first `$`; -1 if it opens no dollar quote or one that is not closed. */
function endOfDollarString(text: string, at: number): number {
  let position = at + 1;
  if (isIdentifierStart(codeAt(text, position))) while (isTagPart(codeAt(text, ++position)));
  if (codeAt(text, position) !== DOLLAR) return -1;
  const delimiter = text.slice(at, position + 1);
  const close = text.indexOf(delimiter, position + 1);
  return close < 0 ? -1 : close + delimiter.length;
}

function withCapacity(capacity: number): Tokens {
  return {
    count: 0,
    kinds: new Uint8Array(capacity),
    starts: new Uint32Array(capacity),
    ends: new Uint32Array(capacity),
  };
}

function grow(count: number): Tokens {
  const larger = withCapacity(count * 2);
  larger.kinds.set(tokens.kinds);
  larger.starts.set(tokens.starts);
  larger.ends.set(tokens.ends);
  return Object.assign(tokens, larger);
}
