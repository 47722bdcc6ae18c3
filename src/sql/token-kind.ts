// What a token is. Numbers, not strings, because the lexer writes them into a typed array.

/** In the order that normalize relies on: literals stand together, from `string` to `numeric`. */
export const TokenKind = {
  /** Keyword or unquoted identifier. */
  word: 1,
  /** "..." */
  quotedWord: 2,
  /** U&"..." */
  unicodeWord: 3,
  /** '...', with its continuations after newlines. */
  string: 4,
  /** E'...' */
  escapeString: 5,
  /** U&'...' */
  unicodeString: 6,
  /** N'...': PostgreSQL reads the keyword NCHAR and a string. */
  nationalString: 7,
  /** $tag$...$tag$ */
  dollarString: 8,
  /** B'...' */
  bitString: 9,
  /** X'...' */
  hexString: 10,
  /** Digits only, also 0x, 0o, 0b and underscores; of any size. */
  integer: 11,
  /** With a decimal point or an exponent. */
  numeric: 12,
  /** $1 */
  parameter: 13,
  /** One of , ( ) [ ] . ; : or :: .. := => */
  symbol: 14,
  /** Everything made of operator characters, also the single ones such as + and =. */
  operator: 15,
} as const;

/** One of the numbers above. */
export type TokenKind = (typeof TokenKind)[keyof typeof TokenKind];
