// Two places where libpg-query's scanner is not PostgreSQL's: it takes `$1a` for a parameter and a name, which PostgreSQL
// calls an error; and it does not join strings with a newline and a comment between them, as PostgreSQL does.
import { SqlError } from "../pgwire/sql-error.ts";
import { lex } from "./lexer.ts";
import { endOfLine } from "./skip-space.ts";
import { TokenKind } from "./token-kind.ts";

const junkPattern = /\$[0-9]+[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;

/** For a text that libpg-query has accepted. */
export function refuseParameterJunk(text: string): void {
  for (const { 0: junk, index } of text.matchAll(junkPattern)) {
    // Within quotes or comments it is no parameter: then the text is whole, or what stands before it is not.
    if (lex(text) !== undefined) return;
    if (lex(text.slice(0, index)) === undefined) continue;
    throw new SqlError({
      code: "42601",
      message: `trailing junk after parameter at or near "${junk}"`,
      position: Array.from(text.slice(0, index)).length + 1,
    });
  }
}

/** The same text, as long in bytes, with blanks for the comments between the parts of one string. */
export function blankCommentsInStrings(text: string): string {
  const tokens = text.includes("--") ? lex(text) : undefined;
  if (tokens === undefined) return text;
  let blanked = "";
  let from = 0;
  for (let index = 0; index < tokens.count; index++) {
    const kind = tokens.kinds[index]!;
    if (kind < TokenKind.string || kind > TokenKind.hexString || kind === TokenKind.dollarString) continue;
    const start = tokens.starts[index]!;
    const end = tokens.ends[index]!;
    blanked += text.slice(from, start) + blankComments(text.slice(start, end), kind);
    from = end;
  }
  return blanked + text.slice(from);
}

function blankComments(string: string, kind: number): string {
  let result = "";
  let position = string.indexOf("'") + 1;
  let from = 0;
  while (position < string.length) {
    const code = string.charCodeAt(position);
    if (code === 92 && kind === TokenKind.escapeString) {
      position += 2;
    } else if (code !== 39 || string.charCodeAt(position + 1) === 39) {
      position += code === 39 ? 2 : 1;
    } else {
      position++;
      while (position < string.length && string.charCodeAt(position) !== 39) {
        const end = string.startsWith("--", position) ? endOfLine(string, position) : position;
        result += string.slice(from, position) + " ".repeat(Buffer.byteLength(string.slice(position, end)));
        from = end;
        position = end === position ? position + 1 : end;
      }
      position++;
    }
  }
  return result + string.slice(from);
}
