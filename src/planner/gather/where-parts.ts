// WHERE in two parts: the conditions that the shards can judge, and those that read something which is elsewhere.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Level, Sublink } from "../analysis/model.ts";
import { steadinessOf } from "../analysis/steadiness.ts";
import { functionRule } from "../functions.ts";
import { whyNotLocal } from "../query/local-subquery.ts";
import { partitionOfFrom, unitOf } from "../query/partition.ts";
import type { Gathering } from "./gathering.ts";
import { conjunction } from "./nodes.ts";

export interface WhereParts {
  readonly pushed: Node | undefined;
  readonly kept: Node | undefined;
  /** Subqueries in `kept`. */
  readonly keptSublinks: readonly Sublink[];
}

/** Of a level whose FROM is partitioned; `copies` of it agree. */
export function whereParts(gathering: Gathering, level: Level, copies: readonly Level[]): WhereParts {
  const pushed: Node[] = [];
  const kept: Node[] = [];
  const keptSublinks: Sublink[] = [];
  for (const condition of conjuncts((level.node as SelectStmt).whereClause)) {
    const nodes = sublinkNodes(condition);
    const isLocal = copies.every((copy) => copy.sublinks.every((each) => !nodes.has(each.node) || isNear(copy, each)));
    if (isLocal && !callsElsewhere(gathering, condition)) {
      pushed.push(condition);
      continue;
    }
    kept.push(condition);
    keptSublinks.push(...level.sublinks.filter(({ node }) => nodes.has(node)));
  }
  return { pushed: conjunction(pushed), kept: conjunction(kept), keptSublinks };
}

/** Whether parts of a tree call a function that must be evaluated in one place: on the home shard, or with the rest. */
export function callsElsewhere({ input, home }: Gathering, nodes: Node | readonly Node[]): boolean {
  let found = false;
  walk(nodes, (type, contents) => {
    if (type !== "FuncCall") return undefined;
    const call = contents as FuncCall;
    const name = functionName(call);
    const isServer = steadinessOf(input.catalog, name) === "server";
    if (isServer || functionRule(call) !== undefined || home.has(name)) found = true;
    return undefined;
  });
  return found;
}

function conjuncts(condition: Node | undefined): readonly Node[] {
  if (condition === undefined) return [];
  if (!("BoolExpr" in condition) || condition.BoolExpr.boolop !== "AND_EXPR") return [condition];
  return (condition.BoolExpr.args ?? []).flatMap(conjuncts);
}

/** Insides of the nodes that have subqueries. */
function sublinkNodes(condition: Node): ReadonlySet<object> {
  const nodes = new Set<object>();
  walk(condition, (type, contents) => {
    if (type === "SubLink" || type === "JsonArrayQueryConstructor") nodes.add(contents);
    return undefined;
  });
  return nodes;
}

function isNear(level: Level, { body }: Sublink): boolean {
  const from = partitionOfFrom(level);
  return from.kind === "partitioned" && whyNotLocal(body, unitOf(level, from)) === undefined;
}
