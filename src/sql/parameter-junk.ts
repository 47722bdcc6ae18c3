// libpg-query takes `$1a` for a parameter and a name. To PostgreSQL it is an error.
import { SqlError } from "../pgwire/sql-error.ts";
import { lex } from "./lexer.ts";

const junkPattern = /\$[0-9]+[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;

/** For a text that libpg-query has accepted: throws what PostgreSQL would (42601), if it would. */
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
