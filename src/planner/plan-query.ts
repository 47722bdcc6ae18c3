// SELECT, VALUES, UPDATE, DELETE and MERGE: from the tree and the catalog to a plan.
import { stackDepthExceeded } from "../sql/stack-depth.ts";
import { analyze } from "./analysis/analyze.ts";
import { homePlan } from "./home-plan.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planSelect } from "./query/plan-select.ts";
import { planWrite } from "./query/plan-write.ts";
import { readsOf } from "./reads.ts";

/** Throws SqlError: a refusal, if there is no plan that is certain to give the answer of one PostgreSQL. */
export function planQuery(input: PlanInput): Plan {
  try {
    const analysis = analyze(input);
    return "SelectStmt" in input.statement.tree ? planSelect(input, analysis) : planWrite(input, analysis);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The planner walks trees by recursion; PostgreSQL may get further.
    const { distributed, reference, functions } = readsOf(input, input.statement.tree);
    if (distributed.length + reference.length + functions.length > 0) throw stackDepthExceeded(error);
    return { ...homePlan(input), anyLiterals: false };
  }
}
