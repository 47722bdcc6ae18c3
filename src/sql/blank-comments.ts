// Comments must not reach libpg-query: its scanner makes tokens of them, so that it neither looks over them for the second
// word of NOT IN, NULLS FIRST, WITH TIME or UESCAPE, nor joins strings with a newline and a comment between them.
// PostgreSQL does both.

import { continuation } from "./lex-string.ts";
import { lex } from "./lexer.ts";
import { TokenKind } from "./token-kind.ts";

/**
 * The text with blanks for comments, as long in bytes as before. The text itself if it has none, or cannot be lexed: then
 * the parser finds the same mistake.
 */
export function blankComments(text: string): string {
  if (!text.includes("--") && !text.includes("/*")) return text;
  const tokens = lex(text);
  if (tokens === undefined) return text;
  let blanked = "";
  let position = 0;
  for (let index = 0; index < tokens.count; index++) {
    const start = tokens.starts[index]!;
    const end = tokens.ends[index]!;
    blanked += blank(text.slice(position, start)) + blankInside(text.slice(start, end), tokens.kinds[index]!);
    position = end;
  }
  return blanked + blank(text.slice(position));
}

/** White space stays as it is. */
function blank(gap: string): string {
  return gap.replace(/\S+/g, (comment) => " ".repeat(Buffer.byteLength(comment)));
}

/** Between the parts of one string. */
function blankInside(token: string, kind: number): string {
  if (kind < TokenKind.string || kind > TokenKind.hexString || kind === TokenKind.dollarString) return token;
  let blanked = "";
  let from = 0;
  let position = token.indexOf("'") + 1;
  while (position < token.length) {
    const code = token.charCodeAt(position);
    if (code === 92 && kind === TokenKind.escapeString) {
      position += 2;
    } else if (code !== 39) {
      position++;
    } else if (token.charCodeAt(position + 1) === 39) {
      position += 2;
    } else {
      const next = continuation(token, position + 1);
      if (next < 0) break;
      blanked += token.slice(from, position + 1) + blank(token.slice(position + 1, next - 1));
      from = next - 1;
      position = next;
    }
  }
  return blanked + token.slice(from);
}
