// The plan that gives the home shard the client's own text: for everything that only touches what is there.
import type { SingleShardPlan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

export function homePlan(input: PlanInput): SingleShardPlan {
  return {
    kind: "single-shard",
    targets: [{ kind: "home" }],
    readOnly: false,
    otherwise: undefined,
    anyLiterals: input.normalized !== undefined,
  };
}
