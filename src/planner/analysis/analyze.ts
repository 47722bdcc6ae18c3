// Entry of the analysis: what a statement reads and writes, what its names mean, and which of its rows can matter.
import type { ParamRef } from "@pgsql/types";
import type { ShardKeyType } from "../../sharding/shard-key-type.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { analyzeStatement } from "./analyze-statement.ts";
import { newContext } from "./context.ts";
import type { Analysis } from "./model.ts";
import { type Fact, newRegion, type Region } from "./region.ts";
import { isMistaken } from "./subquery-source.ts";

/** For SELECT, VALUES, INSERT, UPDATE, DELETE and MERGE. Throws a refusal for what it does not understand. */
export function analyze(input: PlanInput): Analysis {
  const context = newContext(input);
  const root = analyzeStatement(context, input.statement.tree, undefined, undefined, newRegion(undefined));
  const { levels, tables, resolutions, calls, unknownRelations } = context;
  for (const level of levels) {
    for (const source of level.sources) {
      if (source.kind === "subquery" && isMistaken(source)) throw refuse("SG001", "an aggregate of a query around it");
    }
  }
  const isCertainParameter = certainty(context.parameterUses, input.parameterTypes);
  forgetUncertain(isCertainParameter, regionsOf(levels));
  const modifies = levels.some((level) => ["insert", "update", "delete", "merge"].includes(level.kind));
  return {
    root,
    tables,
    levels,
    resolutions,
    calls,
    locks: context.locks.any,
    modifies,
    readsLiterals: context.literals.areRead,
    isCertainParameter,
    unknownRelations,
  };
}

function regionsOf(levels: Analysis["levels"]): Set<Region> {
  const regions = new Set<Region>();
  const add = (start: Region): void => {
    for (let at: Region | undefined = start; at !== undefined && !regions.has(at); at = at.parent) regions.add(at);
  };
  for (const level of levels) {
    add(level.region);
    for (const source of level.sources) add(source.region);
    for (const sublink of level.sublinks) add(sublink.region);
    const trees = [...level.joins];
    for (let tree = trees.pop(); tree !== undefined; tree = trees.pop()) {
      if (tree.kind === "source") continue;
      if (tree.pairs !== undefined) add(tree.pairs);
      trees.push(tree.left, tree.right);
    }
  }
  return regions;
}

/**
 * PostgreSQL gives a parameter without declared type the type of its first use. Unless all uses agree, its bytes may not
 * mean what they would mean as the shard key, so it must not be used for routing.
 */
function certainty(
  uses: ReadonlyMap<ParamRef, ShardKeyType | undefined>,
  declared: readonly number[],
): Analysis["isCertainParameter"] {
  const families = new Map<number, (ShardKeyType | undefined)[]>();
  for (const [{ number = 0 }, family] of uses) families.set(number, [...(families.get(number) ?? []), family]);
  return (number, family) => {
    const found = families.get(number) ?? [];
    return (declared[number - 1] ?? 0) !== 0 || found.length <= 1 || found.every((each) => each === family);
  };
}

function forgetUncertain(isCertain: Analysis["isCertainParameter"], regions: ReadonlySet<Region>): void {
  const isUsable = (fact: Fact): boolean => {
    const { family } = fact.kind === "values" ? fact.variable : {};
    if (fact.kind !== "values" || family === undefined) return true;
    if (fact.values.kind === "array") return isCertain(fact.values.parameter, family);
    return fact.values.sources.every((source) => source.kind !== "parameter" || isCertain(source.number, family));
  };
  for (const region of regions) {
    const kept = region.facts.filter(isUsable);
    region.facts.splice(0, region.facts.length, ...kept);
  }
}
