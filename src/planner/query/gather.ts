// placeholder
import type { Analysis } from "../analysis/model.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";

export function gatherPlan(_input: PlanInput, _analysis: Analysis, _home: ReadonlySet<string>): Plan {
  throw refuse("SG001", "not yet");
}
