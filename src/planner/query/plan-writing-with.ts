// SELECT with a WITH that writes: the parts of such a statement see one snapshot, so all of it must be on one shard.
import type { Analysis } from "../analysis/model.ts";
import type { Plan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { bindStatement } from "./bind-statement.ts";
import { checkWrites, isWrite, targetOfWrite } from "./check-writes.ts";
import { singleShard } from "./single-shard.ts";

/** `home`: functions made by users that must run on the home shard. */
export function planWritingWith(input: PlanInput, analysis: Analysis, home: ReadonlySet<string>): Plan {
  const { tables, levels } = analysis;
  checkWrites(input, analysis);
  if (levels.filter(isWrite).some((level) => targetOfWrite(level).residence === "reference")) throw refuse("SG054");
  const bound = bindStatement(input, analysis);
  if (bound === undefined) throw refuse("SG054");
  const isTemporary = tables.some(({ residence }) => residence === "temporary");
  const readsHome = isTemporary || home.size > 0 || tables.some(({ residence }) => residence === "home");
  const needsHome = readsHome || bound.targets.length === 0;
  const targets: Target[] = needsHome ? [...bound.targets, { kind: "home" }] : [...bound.targets];
  const plan = singleShard(input, bound.readsLiterals, targets, false);
  return isTemporary ? { ...plan, reserve: "temporary table" } : plan;
}
