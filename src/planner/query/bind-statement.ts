// The keys that every sharded table of a statement that writes is bound to, including those that its WITH inserts into.
import type { InsertStmt } from "@pgsql/types";
import type { Analysis } from "../analysis/model.ts";
import { planInsert } from "../insert.ts";
import type { Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { boundTargets, distinctTargets } from "./bind-keys.ts";
import { isWrite, targetOfWrite } from "./check-writes.ts";
import { setsShardKey } from "./shard-key-change.ts";

export interface BoundStatement {
  readonly targets: readonly Target[];
  /** Whether the plan depends on literals that are not values of shard keys. */
  readonly readsLiterals: boolean;
}

/** undefined: some table is not bound. */
export function bindStatement(input: PlanInput, analysis: Analysis): BoundStatement | undefined {
  const writes = analysis.levels.filter(isWrite);
  const inserts = writes.filter(({ kind }) => kind === "insert");
  const inserted = new Set(inserts.map(targetOfWrite));
  const bound = boundTargets(analysis.tables.filter((table) => !inserted.has(table)));
  if (bound === undefined) return undefined;

  let readsLiterals = analysis.readsLiterals || writes.map(targetOfWrite).some(setsShardKey);
  const targets = [...bound];
  for (const { node } of inserts) {
    const plan = planInsert(input, node as InsertStmt);
    if (plan.kind !== "single-shard" || !plan.targets.every((target) => isCertain(analysis, target))) return undefined;
    targets.push(...plan.targets);
    readsLiterals ||= !plan.anyLiterals;
  }
  return { targets: distinctTargets(targets), readsLiterals };
}

/** INSERT alone decides the types of its parameters; here other parts of the statement may. */
function isCertain(analysis: Analysis, target: Target): boolean {
  if (target.kind !== "keys") return target.kind !== "array";
  return target.keys.every((key) =>
    key.every((source, index) => {
      return source.kind !== "parameter" || analysis.isCertainParameter(source.number, target.types[index]!);
    }),
  );
}
