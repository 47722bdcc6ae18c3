// SELECT, VALUES, UPDATE, DELETE and MERGE: from the tree and the catalog to a plan.
import { analyze } from "./analysis/analyze.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planSelect } from "./query/plan-select.ts";
import { planWrite } from "./query/plan-write.ts";

/** Throws SqlError: a refusal, if there is no plan that is certain to give the answer of one PostgreSQL. */
export function planQuery(input: PlanInput): Plan {
  const analysis = analyze(input);
  return "SelectStmt" in input.statement.tree ? planSelect(input, analysis) : planWrite(input, analysis);
}
