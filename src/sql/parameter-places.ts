// Parameters where PostgreSQL's grammar has none, but libpg-query's has: `$1a`, and values of SET and of roles. (It has more
// of them, such as `date $1`; there the shards say no.)
import type { Node } from "@pgsql/types";
import { SqlError } from "../pgwire/sql-error.ts";
import { byteOffsets } from "./byte-offsets.ts";
import { lex } from "./lexer.ts";
import { typeOf, walk } from "./walk.ts";

const junkPattern = /\$[0-9]+[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g;
const withoutParameters: ReadonlySet<string> = new Set(["VariableSetStmt", "CreateRoleStmt", "AlterRoleStmt"]);

/**
 * For statements whose values the gateway looks at itself. Throws as PostgreSQL would (42601). Locations in the tree count
 * from `start` (UTF-16) of the text.
 */
export function refuseParameters(text: string, start: number, statement: Node): void {
  if (!withoutParameters.has(typeOf(statement)) || !text.includes("$")) return;
  walk(statement, (type, node) => {
    if (type !== "ParamRef") return;
    const { number = 0, location = 0 } = node as { number?: number; location?: number };
    throw new SqlError({
      code: "42601",
      message: `syntax error at or near "$${number}"`,
      position: characters(text.slice(0, start + byteOffsets(text.slice(start)).toUtf16(location))) + 1,
    });
  });
}

/** For a text that libpg-query has accepted: throws what PostgreSQL would (42601), if it would. */
export function refuseParameterJunk(text: string): void {
  for (const { 0: junk, index } of text.matchAll(junkPattern)) {
    // Within quotes or comments it is no parameter: then the text is whole, or what stands before it is not.
    if (lex(text) !== undefined) return;
    if (lex(text.slice(0, index)) === undefined) continue;
    throw new SqlError({
      code: "42601",
      message: `trailing junk after parameter at or near "${junk}"`,
      position: characters(text.slice(0, index)) + 1,
    });
  }
}

function characters(text: string): number {
  return Array.from(text).length;
}
