// ON CONFLICT DO UPDATE on sharded tables: it may not move a row to another shard, nor make the copies of a reference
// table differ.
import type { InsertStmt, Node } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { nodeOf } from "../sql/walk.ts";
import { namesOf } from "./definition.ts";
import { findUndetermined } from "./deterministic.ts";
import type { PlanInput } from "./plan-input.ts";
import { refuse } from "./refuse.ts";

export function checkConflict(input: PlanInput, statement: InsertStmt, relation: Relation): void {
  const clause = statement.onConflictClause;
  if (clause === undefined) return;
  const { distribution } = relation;
  if (distribution.kind === "reference") {
    const expressions = [
      ...(clause.targetList ?? []),
      ...(clause.whereClause === undefined ? [] : [clause.whereClause]),
    ];
    const undetermined = findUndetermined(input, expressions);
    if (undetermined !== undefined) throw refuse("SG055", `${undetermined} in ON CONFLICT`);
  }
  if (distribution.kind !== "distributed") return;
  for (const node of clause.targetList ?? []) {
    const { name = "", val } = nodeOf(node, "ResTarget") ?? {};
    if (distribution.shardKey.includes(name) && !isExcluded(val, name)) throw refuse("SG051", name);
  }
}

/**
 * `SET key = excluded.key` changes nothing: two rows are in conflict only if their shard keys are equal, for every unique
 * constraint contains the shard key.
 */
function isExcluded(value: Node | undefined, column: string): boolean {
  const names = namesOf(nodeOf(value, "ColumnRef")?.fields);
  return names.length === 2 && names[0] === "excluded" && names[1] === column;
}
