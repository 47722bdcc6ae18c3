// INSERT into a reference table: every shard stores the same rows. Values that every shard computes alike are sent as the
// client wrote them; all others are computed once and their results stored everywhere.
import type { InsertStmt, Node } from "@pgsql/types";
import type { Column, Relation } from "../catalog/snapshot.ts";
import { firstUserOid, oid } from "../pgwire/oid.ts";
import { nodeOf } from "../sql/walk.ts";
import { findUndetermined } from "./deterministic.ts";
import { insertRows, insertSelected } from "./insert-select.ts";
import { targetColumns } from "./insert-target.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

/** `rows` undefined: the source is a query. */
export function planInsertReference(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  rows: readonly (readonly Node[])[] | undefined,
): Plan {
  if (rows === undefined) return insertSelected(input, statement, relation, { kind: "reference" });
  const isSameEverywhere =
    statement.withClause === undefined && rows.every((row) => rowIsSameEverywhere(input, statement, relation, row));
  if (!isSameEverywhere) return insertRows(input, statement, relation, { kind: "reference" }, rows);
  return { kind: "scatter-write", target: { kind: "all" }, sql: undefined, replicated: true };
}

function rowIsSameEverywhere(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  row: readonly Node[],
): boolean {
  const given = targetColumns(relation, statement);
  const ignoresIdentity = statement.override === "OVERRIDING_USER_VALUE";
  return relation.columns.every((column) => {
    const value = ignoresIdentity && column.identity ? undefined : row[given.indexOf(column)];
    if (value === undefined || nodeOf(value, "SetToDefault") !== undefined) {
      return (column.defaultVolatility ?? "immutable") === "immutable";
    }
    const isReadAlike = !isTimeLike(column) || nodeOf(value, "ParamRef") === undefined;
    return isReadAlike && findUndetermined(input, value) === undefined;
  });
}

const timeTypes: ReadonlySet<number> = new Set([oid.date, oid.time, oid.timetz, oid.timestamp, oid.timestamptz]);

/** Types that read 'now' as the current time (types made by users may contain such a type). */
function isTimeLike(column: Column): boolean {
  return timeTypes.has(column.typeOid) || column.typeOid >= firstUserOid;
}
