// INSERT whose columns and values do not fit together, told as PostgreSQL tells it (analyze.c: transformInsertStmt).
import type { InsertStmt, Node } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { nodeOf } from "../sql/walk.ts";
import type { PlanInput } from "./plan-input.ts";
import { positionOf, startOf } from "./position-of.ts";

/** `rows` undefined: the source is a query, which PostgreSQL checks. */
export function checkInsertShape(
  { statement: { text } }: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  rows: readonly (readonly Node[])[] | undefined,
): void {
  const fail = (code: string, message: string, location: number | undefined): never => {
    throw new SqlError({ code, message, position: positionOf(text, location) });
  };
  const targets = (statement.cols ?? []).flatMap((node) => nodeOf(node, "ResTarget") ?? []);
  for (const { name = "", location } of targets) {
    if (relation.columns.some((column) => column.name === name)) continue;
    fail("42703", `column "${name}" of relation "${relation.name}" does not exist`, location);
  }
  const count = statement.cols === undefined ? relation.columns.length : targets.length;
  for (const row of rows ?? []) {
    if (row.length !== rows?.[0]?.length) {
      fail("42601", "VALUES lists must all be the same length", startOf(row[0]));
    }
    if (row.length > count) fail("42601", "INSERT has more expressions than target columns", startOf(row[count]));
    const isShort = statement.cols !== undefined && row.length < count;
    if (isShort) fail("42601", "INSERT has more target columns than expressions", targets[row.length]?.location);
  }
}
