// A statement of which every part is on one shard: the client's own text goes there.

import { SqlError } from "../../pgwire/sql-error.ts";
import type { Plan, SingleShardPlan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";

/** `otherwise` is asked for only where the values of one run may be on several shards. */
export function singleShard(
  { normalized }: PlanInput,
  readsLiterals: boolean,
  targets: readonly Target[],
  readOnly: boolean,
  otherwise?: () => Plan,
): SingleShardPlan {
  const other = otherwise !== undefined && mayBeSeveral(targets) ? planOrNothing(otherwise) : undefined;
  return {
    kind: "single-shard",
    targets,
    readOnly,
    otherwise: other,
    anyLiterals: normalized !== undefined && !readsLiterals && other === undefined && !targets.some(hasConstant),
  };
}

/** Where one run in a few will need the other plan, it is made at once; else it is made when the values are there. */
function mayBeSeveral(targets: readonly Target[]): boolean {
  return targets.some(
    (target) => (target.kind === "keys" && target.keys.length > 1) || target.kind === "array" || targets.length > 1,
  );
}

function hasConstant(target: Target): boolean {
  return target.kind === "keys" && target.keys.some((key) => key.some((source) => source.kind === "constant"));
}

/** A refusal is raised only when the plan is needed. */
export function planOrNothing(make: () => Plan): Plan | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof SqlError) return undefined;
    throw error;
  }
}
