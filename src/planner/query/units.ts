// What in FROM is spread over the shards, and by which variables: sharded tables, subqueries that the shards can compute,
// and FULL JOINs of such.
import { type Classes, classesOf } from "../analysis/classes.ts";
import type { JoinTree, Level, Source, Sublink } from "../analysis/model.ts";
import type { Region } from "../analysis/region.ts";
import type { Variable } from "../analysis/variable.ts";
import { partitionOf } from "./partition.ts";

export interface Unit {
  /** undefined: by a key that cannot be seen. */
  readonly keys: readonly Variable[] | undefined;
  /** Colocation group. */
  readonly group: number;
  readonly region: Region;
}

export interface Found {
  readonly units: Unit[];
  /** Correlated subqueries in FROM that are not partitioned by themselves. */
  readonly laterals: Level[];
  /** In FROM: in conditions of joins, and in subqueries that are dissolved. */
  readonly sublinks: Sublink[];
}

export const unsteady = "a function that every shard answers in its own way";
export const notJoinedOnKeys = "tables are not joined on their shard keys";

/** Everything in FROM of the level; a text says why it cannot be taken apart so. */
export function collectUnits(level: Level): Found | string {
  const found: Found = { units: [], laterals: [], sublinks: [] };
  return collectLevel(level, ["from"], found) ?? found;
}

function collectLevel(level: Level, parts: readonly Sublink["part"][], found: Found): string | undefined {
  found.sublinks.push(...level.sublinks.filter(({ part }) => parts.includes(part)));
  for (const tree of level.joins) {
    const failure = collectTree(tree, found);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function collectTree(tree: JoinTree, found: Found): string | undefined {
  if (tree.kind === "source") return collectSource(tree.source, found);
  if (tree.type === "full") return collectFullJoin(tree, found);
  return collectTree(tree.left, found) ?? collectTree(tree.right, found);
}

function collectSource(source: Source, found: Found): string | undefined {
  const { region } = source;
  switch (source.kind) {
    case "table": {
      const { residence, keys, colocationGroup: group } = source;
      if (residence === "distributed") found.units.push({ keys, group, region });
      else if (residence !== "reference") return `"${source.node.relname}" is not a sharded table`;
      return undefined;
    }
    case "subquery": {
      const { body } = source;
      if (source.isDissolved) return collectDissolved(body, found);
      const inner = partitionOf(body);
      if (inner.kind === "none") {
        if (!body.isCorrelated) return inner.why;
        found.laterals.push(body);
      } else if (inner.kind === "partitioned") {
        const keys = inner.positions?.map((position) => source.columns?.[position]?.variable);
        found.units.push({ keys: visibleKeys(keys), group: inner.group, region });
      }
      return undefined;
    }
    case "function":
      return undefined;
    default:
      return source.kind === "recursive" ? "a recursive query" : "WITH that writes";
  }
}

function collectDissolved(body: Level, found: Found): string | undefined {
  if (hasUnsteadyOutput(body) || body.serverCalls.size > 0) return unsteady;
  const before = found.units.length;
  const failure = collectLevel(body, ["from", "where", "above"], found);
  // One PostgreSQL would evaluate it once for each of its rows, which are the same on every shard.
  const isOnce = body.hasVolatile && found.units.length === before;
  return failure ?? (isOnce ? "a subquery calls a volatile function" : undefined);
}

/** Whether something comes out of the level that every shard answers in its own way. */
export function hasUnsteadyOutput({ times, serverCalls }: Level): boolean {
  return times.has("above") || serverCalls.has("above");
}

/** FULL JOIN: both sides sharded, and joined on the key. The key of the result is the merged column, if there is one. */
function collectFullJoin(tree: Extract<JoinTree, { kind: "join" }>, found: Found): string | undefined {
  const left: Found = { units: [], laterals: [], sublinks: found.sublinks };
  const right: Found = { units: [], laterals: [], sublinks: found.sublinks };
  const failure = collectTree(tree.left, left) ?? collectTree(tree.right, right);
  if (failure !== undefined) return failure;
  if (left.laterals.length + right.laterals.length > 0) return "LATERAL in FULL JOIN";
  if (left.units.length === 0 && right.units.length === 0) return undefined;

  const why = "FULL JOIN is not on the shard keys of both sides";
  const [leftAnchor, rightAnchor] = [left, right].map(({ units }) => sideAnchor(units));
  if (leftAnchor?.keys === undefined || rightAnchor?.keys === undefined) return why;
  const areJoined = areEqual(classesOf(tree.pairs!, "own"), leftAnchor.keys, rightAnchor.keys);
  if (leftAnchor.group !== rightAnchor.group || !areJoined) return why;
  const classes = classesOf(leftAnchor.region, "own");
  const keys = leftAnchor.keys.map((key) => tree.merged.find((column) => classes.areEqual(column.left, key))?.merged);
  found.units.push({ keys: visibleKeys(keys), group: leftAnchor.group, region: tree.region });
  return undefined;
}

/** The unit of one side of FULL JOIN that all others there are colocated with. */
function sideAnchor(units: readonly Unit[]): Unit | undefined {
  const [first] = units;
  if (first === undefined) return undefined;
  const classes = classesOf(first.region, "own");
  const anchor = units.find((unit) => unit.keys !== undefined && classes.isPresent(unit.region));
  if (anchor === undefined) return undefined;
  return units.every((unit) => unit === anchor || isColocated(unit, anchor)) ? anchor : undefined;
}

function visibleKeys(keys: readonly (Variable | undefined)[] | undefined): readonly Variable[] | undefined {
  const isVisible = keys?.every((key) => key?.family !== undefined) === true;
  return isVisible ? (keys as readonly Variable[]) : undefined;
}

/** A unit that has a row in every combination of rows of the level. */
export function anchorOf(level: Level, units: readonly Unit[]): Unit | undefined {
  const classes = classesOf(level.region, "own");
  const present = units.filter((unit) => classes.isPresent(unit.region));
  return present.find((unit) => unit.keys !== undefined) ?? present[0];
}

/** Whether rows of the unit that go into one combination with a row of the anchor have its key. */
export function isColocated(unit: Unit, anchor: Unit): boolean {
  if (unit.keys === undefined || anchor.keys === undefined || unit.group !== anchor.group) return false;
  return areEqual(classesOf(unit.region, "own"), unit.keys, anchor.keys);
}

export function areEqual(classes: Classes, left: readonly Variable[], right: readonly Variable[]): boolean {
  return left.length === right.length && left.every((key, index) => classes.areEqual(key, right[index]!));
}
