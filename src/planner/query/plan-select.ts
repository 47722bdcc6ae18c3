// SELECT and VALUES: on one shard if that is enough, else on several at once, else gathered.
import type { Analysis, TableSource } from "../analysis/model.ts";
import { functionDemands } from "../functions.ts";
import { gatherPlan } from "../gather/gather-plan.ts";
import type { Plan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { boundTargets } from "./bind-keys.ts";
import { planWritingWith } from "./plan-writing-with.ts";
import { isReadOnly } from "./read-only.ts";
import { scatterPlan } from "./scatter.ts";
import { isShardDependent } from "./shard-dependent.ts";
import { singleShard } from "./single-shard.ts";
import { homeFunctions } from "./user-functions.ts";

export function planSelect(input: PlanInput, analysis: Analysis): Plan {
  const { tables } = analysis;
  const home = homeFunctions(input, analysis);
  const readOnly = isReadOnly(input, analysis);
  const has = (residence: TableSource["residence"]): boolean => tables.some((table) => table.residence === residence);
  const needsHome = home.size > 0 || has("home");

  if (has("temporary") && has("distributed")) throw refuse("SG002");
  if (analysis.modifies) return planWritingWith(input, analysis, home);
  if (has("temporary")) {
    return { ...singleShard(input, analysis.readsLiterals, [{ kind: "home" }], false), reserve: "temporary table" };
  }
  if (!has("distributed")) {
    if (has("gateway")) return gatherPlan(input, analysis, home);
    // Row locks of a reference table exclude each other only if all take them on the same copy.
    const isHome = needsHome || analysis.locks || isShardDependent(input, analysis);
    const target: Target = isHome ? { kind: "home" } : { kind: "any" };
    return singleShard(input, analysis.readsLiterals, [target], readOnly && home.size === 0);
  }
  const targets = boundTargets(tables);
  if (targets === undefined || has("gateway")) return severalShards(input, analysis, home);
  const all: Target[] = needsHome ? [...targets, { kind: "home" }] : targets;
  return singleShard(input, analysis.readsLiterals, all, readOnly, () => severalShards(input, analysis, home));
}

function severalShards(input: PlanInput, analysis: Analysis, home: ReadonlySet<string>): Plan {
  const demands = functionDemands(input.statement.tree, input.catalog.hasShardedTables);
  const isFree = home.size === 0 && demands.home.length === 0;
  return (isFree ? scatterPlan(input, analysis) : undefined) ?? gatherPlan(input, analysis, home);
}
