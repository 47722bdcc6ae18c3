// Character classes of PostgreSQL's scanner (scan.l). PostgreSQL looks at bytes and takes every byte from 0x80 as part of
// an identifier; a UTF-16 unit from 0x80 is made of such bytes only, so the classes are the same here.

const IDENTIFIER_START = 1;
const IDENTIFIER_PART = 2;
const OPERATOR = 4;
const SPACE = 8;
const DIGIT = 16;
const HEX_DIGIT = 32;
const TAG_PART = 64;
const classes = new Uint8Array(128);

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
add(letters, IDENTIFIER_START | IDENTIFIER_PART | TAG_PART);
add("0123456789", IDENTIFIER_PART | DIGIT | HEX_DIGIT | TAG_PART);
add("abcdefABCDEF", HEX_DIGIT);
add("$", IDENTIFIER_PART);
add("~!@#^&|`?+-*/%<>=", OPERATOR);
add(" \t\n\r\f\v", SPACE);

function add(characters: string, characterClass: number): void {
  for (const character of characters) classes[character.charCodeAt(0)]! |= characterClass;
}

/**
 * The UTF-16 unit at `at`; 0, which belongs to no class, behind the end. (charCodeAt gives NaN there, and code that has
 * once seen NaN computes with floating point from then on: the lexer takes half as long again.)
 */
export function codeAt(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) : 0;
}

/** First character of a name. (This and the next take a UTF-16 unit, or 0 for the end.) */
export function isIdentifierStart(code: number): boolean {
  return code < 128 ? (classes[code]! & IDENTIFIER_START) !== 0 : true;
}

/** Any other character of a name. */
export function isIdentifierPart(code: number): boolean {
  return code < 128 ? (classes[code]! & IDENTIFIER_PART) !== 0 : true;
}

/** Part of the tag of a dollar quote: an identifier without `$`. */
export function isTagPart(code: number): boolean {
  return code < 128 ? (classes[code]! & TAG_PART) !== 0 : true;
}

/** What operators are made of. */
export function isOperatorCharacter(code: number): boolean {
  return code < 128 && (classes[code]! & OPERATOR) !== 0;
}

/** PostgreSQL's white space, which is ASCII only. */
export function isSpace(code: number): boolean {
  return code < 128 && (classes[code]! & SPACE) !== 0;
}

/** 0 to 9. */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Digit in base 2, 8 or 16. */
export function isDigitOf(base: 2 | 8 | 16, code: number): boolean {
  if (base === 16) return code < 128 && (classes[code]! & HEX_DIGIT) !== 0;
  return code >= 48 && code < 48 + base;
}
