// What no UPDATE, DELETE, INSERT or MERGE may do, wherever in a statement it stands.
import { assert } from "../../base/assert.ts";
import type { Analysis, Level, TableSource } from "../analysis/model.ts";
import { checkTriggers } from "../check-triggers.ts";
import type { PlanInput } from "../plan-input.ts";
import { readsOf } from "../reads.ts";
import { refuse } from "../refuse.ts";
import { changedShardKey } from "./shard-key-change.ts";

export function isWrite({ kind }: Level): boolean {
  return kind === "insert" || kind === "update" || kind === "delete" || kind === "merge";
}

/** The table that a level of INSERT, UPDATE, DELETE or MERGE changes. */
export function targetOfWrite({ sources }: Level): TableSource {
  const target = sources.find((source) => source.kind === "table");
  assert(target, "a write has a target");
  return target;
}

/** Throws for views of sharded tables, triggers that reach too far, and new values of a shard key. */
export function checkWrites(input: PlanInput, analysis: Analysis): void {
  for (const level of analysis.levels.filter(isWrite)) {
    const table = targetOfWrite(level);
    if (table.relation === undefined) continue;
    if (table.relation.kind === "view") {
      const { distributed, reference } = readsOf(input, { RangeVar: table.node });
      if (distributed.length + reference.length > 0) throw refuse("SG053", table.relation.name);
    }
    checkTriggers(input, table.relation);
    const changed = changedShardKey(analysis, table);
    if (changed !== undefined) throw refuse("SG003", changed);
  }
}
