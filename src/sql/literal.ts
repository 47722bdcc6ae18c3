// A constant in the text of a statement. Its value is worked out only when somebody asks: of the hundreds of literals of
// a long INSERT the planner looks at one per row.
import { decodeBits, decodeInteger, decodeNumeric, decodeString } from "./decode-literal.ts";
import { TokenKind } from "./token-kind.ts";

/**
 * "integer" fits PostgreSQL's integer, "bigint" only its bigint, "numeric" is everything else; as in make_const() of
 * parse_node.c. "national" is N'...', which has type bpchar.
 */
export type LiteralKind = "string" | "national" | "bits" | "integer" | "bigint" | "numeric";

/** One string or number in a text. */
export interface Literal {
  readonly kind: LiteralKind;
  /** The value: without quotes, escapes resolved; numbers without sign, integers in base ten; bits as b0101 or x1F. */
  readonly text: string;
  /** UTF-16 offsets in the text; where the grammar says the constant is (for N'...' at the quote). */
  readonly start: number;
  readonly end: number;
}

/** undefined for escapes that PostgreSQL must judge. `source` is the whole text, `start` and `end` those of the token. */
export function literalOf(source: string, token: TokenKind, start: number, end: number): Literal | undefined {
  switch (token) {
    case TokenKind.string:
    case TokenKind.dollarString:
      return new TokenLiteral("string", source, token, start, end);
    case TokenKind.escapeString:
      return decodeString(source, start, end, token) === undefined
        ? undefined
        : new TokenLiteral("string", source, token, start, end);
    case TokenKind.nationalString:
      return new TokenLiteral("national", source, TokenKind.string, start + 1, end);
    case TokenKind.bitString:
    case TokenKind.hexString:
      return new TokenLiteral("bits", source, token, start, end);
    case TokenKind.integer:
      return new TokenLiteral(integerKind(source, start, end), source, token, start, end);
    case TokenKind.numeric:
      return new TokenLiteral("numeric", source, token, start, end);
    default:
      return undefined;
  }
}

/** What stands for a literal in the key of a normalized text. */
export function markOf(kind: LiteralKind): string {
  switch (kind) {
    case "string":
      return "$s";
    case "national":
      return "$n";
    case "bits":
      return "$b";
    case "integer":
      return "$i";
    case "bigint":
      return "$l";
    case "numeric":
      return "$f";
  }
}

class TokenLiteral implements Literal {
  readonly kind: LiteralKind;
  readonly start: number;
  readonly end: number;
  private readonly source: string;
  private readonly token: TokenKind;

  constructor(kind: LiteralKind, source: string, token: TokenKind, start: number, end: number) {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.source = source;
    this.token = token;
  }

  get text(): string {
    switch (this.kind) {
      case "integer":
      case "bigint":
        return decodeInteger(this.source, this.start, this.end);
      case "numeric":
        return this.token === TokenKind.integer
          ? decodeInteger(this.source, this.start, this.end)
          : decodeNumeric(this.source, this.start, this.end);
      case "bits":
        return decodeBits(this.source, this.start, this.end, this.token);
      default:
        return decodeString(this.source, this.start, this.end, this.token) ?? "";
    }
  }
}

function integerKind(source: string, start: number, end: number): LiteralKind {
  // Nine decimal digits, or seven hexadecimal ones after 0x, always fit.
  if (end - start < 10) return "integer";
  const digits = decodeInteger(source, start, end);
  if (digits.length < 19) return Number(digits) <= 0x7fffffff ? "integer" : "bigint";
  return BigInt(digits) <= 0x7fffffffffffffffn ? "bigint" : "numeric";
}
