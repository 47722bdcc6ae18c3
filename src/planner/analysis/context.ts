// What one run of the analysis collects.
import type { ColumnRef, CommonTableExpr, FuncCall, Node, ParamRef } from "@pgsql/types";
import type { ShardKeyType } from "../../sharding/shard-key-type.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import type { Level, Output, Resolution, Shape, TableSource } from "./model.ts";
import type { Region } from "./region.ts";

export interface Context {
  readonly input: PlanInput;
  /** How table names are found; other inside the definition of a view. */
  searchPath: readonly string[];
  isInView: boolean;
  readonly tables: TableSource[];
  readonly levels: Level[];
  /** Nodes of the levels, and how many levels have the node of an earlier one. */
  readonly nodes: Set<object>;
  readonly repeated: { levels: number };
  readonly resolutions: Map<ColumnRef, Resolution>;
  readonly calls: FuncCall[];
  readonly sublinkBodies: Map<object, Level>;
  /** Recursive common table expressions whose query is being analyzed, and the outputs of their first part. */
  readonly activeCtes: Map<CommonTableExpr, readonly Output[] | undefined>;
  /** What every parameter is compared with or assigned to; undefined for any other use. */
  readonly parameterUses: Map<ParamRef, ShardKeyType | undefined>;
  readonly unknownRelations: string[];
  readonly locks: { any: boolean };
  /** Whether a literal was read for its value: ORDER BY 1. */
  readonly literals: { areRead: boolean };
}

/** Common table expressions and views are analyzed as often as they are named; this stops an exponential number. */
const REPEATED_LEVELS_MAX = 2_000;

export function newContext(input: PlanInput): Context {
  return {
    input,
    searchPath: input.searchPath,
    isInView: false,
    tables: [],
    levels: [],
    nodes: new Set(),
    repeated: { levels: 0 },
    resolutions: new Map(),
    calls: [],
    sublinkBodies: new Map(),
    activeCtes: new Map(),
    parameterUses: new Map(),
    unknownRelations: [],
    locks: { any: false },
    literals: { areRead: false },
  };
}

const noShape: Shape = {
  hasAggregates: false,
  groupBy: undefined,
  groupTerms: new Map(),
  hasGroupingSets: false,
  hasHaving: false,
  distinct: "none",
  windows: [],
  hasLimit: false,
  hasLocking: false,
};

export function newLevel(
  context: Context,
  kind: Level["kind"],
  node: object,
  parent: Level | undefined,
  region: Region,
): Level {
  if (context.nodes.has(node)) context.repeated.levels++;
  if (context.repeated.levels > REPEATED_LEVELS_MAX) throw refuse("SG001", "it names its subqueries too often");
  context.nodes.add(node);
  const level: Level = {
    kind,
    node,
    parent,
    region,
    joins: [],
    sources: [],
    sublinks: [],
    branches: [],
    writes: [],
    aggregates: [],
    calls: [],
    hasVolatile: false,
    times: new Set(),
    serverCalls: new Set(),
    sort: [],
    outputs: [],
    shape: noShape,
    isCorrelated: false,
    isRecursive: false,
  };
  context.levels.push(level);
  return level;
}

/** Declares that `level` uses a variable of `owner`, and with it every level in between. */
export function noteCorrelation(level: Level, owner: Level): void {
  for (let at: Level | undefined = level; at !== undefined && at !== owner; at = at.parent) at.isCorrelated = true;
}

export function constantInteger(node: Node | undefined): number | undefined {
  if (node === undefined || !("A_Const" in node)) return undefined;
  return node.A_Const.ival === undefined ? undefined : (node.A_Const.ival.ival ?? 0);
}
