// SELECT and VALUES: on one shard if that is enough, else on several at once, else gathered.
import type { Analysis, TableSource } from "../analysis/model.ts";
import { functionDemands } from "../functions.ts";
import { gatherPlan } from "../gather/gather-plan.ts";
import type { Plan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { distinctTargets, keysTarget } from "./bind-keys.ts";
import { checkWrites, isWrite, targetOfWrite } from "./check-writes.ts";
import { isReadOnly } from "./read-only.ts";
import { scatterPlan } from "./scatter.ts";
import { setsShardKey } from "./shard-key-change.ts";
import { singleShard } from "./single-shard.ts";
import { homeFunctions } from "./user-functions.ts";

export function planSelect(input: PlanInput, analysis: Analysis): Plan {
  const { tables } = analysis;
  const home = homeFunctions(input, analysis);
  const readOnly = isReadOnly(input, analysis);
  const has = (residence: TableSource["residence"]): boolean => tables.some((table) => table.residence === residence);
  const needsHome = home.size > 0 || has("home");

  if (has("temporary")) {
    if (has("distributed")) throw refuse("SG002");
    return { ...singleShard(input, analysis.readsLiterals, [{ kind: "home" }], false), reserve: "temporary table" };
  }
  if (!has("distributed")) {
    if (has("gateway")) return gatherPlan(input, analysis, home);
    if (analysis.modifies) return planWritingWith(input, analysis);
    return singleShard(
      input,
      analysis.readsLiterals,
      [needsHome ? { kind: "home" } : { kind: "any" }],
      readOnly && home.size === 0,
    );
  }
  const targets = boundTargets(tables);
  if (targets === undefined || has("gateway")) return severalShards(input, analysis, home);
  if (analysis.modifies) return planWritingWith(input, analysis);
  const all: Target[] = needsHome ? [...targets, { kind: "home" }] : targets;
  return singleShard(input, analysis.readsLiterals, all, readOnly, () => severalShards(input, analysis, home));
}

/** One target for each key (or list of keys) that a sharded table is bound to; undefined: one of them is not bound. */
export function boundTargets(tables: readonly TableSource[]): Target[] | undefined {
  const targets: Target[] = [];
  for (const table of tables) {
    if (table.residence !== "distributed") continue;
    const target = keysTarget(table);
    if (target === undefined) return undefined;
    targets.push(target);
  }
  return distinctTargets(targets);
}

function severalShards(input: PlanInput, analysis: Analysis, home: ReadonlySet<string>): Plan {
  if (analysis.modifies) throw refuse("SG054");
  const demands = functionDemands(input.statement.tree, input.catalog.hasShardedTables);
  const isFree = home.size === 0 && demands.home.length === 0;
  return (isFree ? scatterPlan(input, analysis) : undefined) ?? gatherPlan(input, analysis, home);
}

/** WITH that writes: every table in it must be on one shard. */
function planWritingWith(input: PlanInput, analysis: Analysis): Plan {
  const { tables, levels } = analysis;
  checkWrites(input, analysis);
  const targets = boundTargets(tables);
  const written = levels.filter(isWrite).map(targetOfWrite);
  if (targets === undefined || written.some(({ residence }) => residence === "reference")) throw refuse("SG054");
  const readsLiterals = analysis.readsLiterals || written.some(setsShardKey);
  const needsHome = tables.some(({ residence }) => residence === "home") || targets.length === 0;
  return singleShard(input, readsLiterals, needsHome ? [...targets, { kind: "home" }] : targets, false);
}
