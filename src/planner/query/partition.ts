// The proof that a query can be asked of every shard by itself: the rows of the whole are those of the shards, one after
// the other. A level is partitioned if all sharded tables in it are colocated, that is, all rows of one combination
// have equal shard keys; and if what it does with the combinations (GROUP BY, DISTINCT, windows, ..) stays within one key.

import { isUnionAll } from "../analysis/analyze-select.ts";
import { type Classes, classesOf } from "../analysis/classes.ts";
import type { JoinTree, Level, Source, Sublink, Term } from "../analysis/model.ts";
import type { Region } from "../analysis/region.ts";
import type { Variable } from "../analysis/variable.ts";
import { levelsWithin, tablesWithin } from "./levels-below.ts";

/** Something in FROM whose rows are spread over the shards by a key. */
interface Unit {
  /** undefined: by a key that cannot be seen. */
  readonly keys: readonly Variable[] | undefined;
  readonly group: number;
  readonly region: Region;
}

export type Partition =
  /** The same rows on every shard. */
  | { readonly kind: "replicated" }
  | {
      readonly kind: "partitioned";
      readonly group: number;
      /** Variables inside the level by whose values its rows are spread; undefined: they cannot be seen. */
      readonly keys: readonly Variable[] | undefined;
      /** Positions of outputs that have the values of the keys. */
      readonly positions: readonly number[] | undefined;
    }
  | { readonly kind: "none"; readonly why: string };

const replicated: Partition = { kind: "replicated" };

function none(why: string): Partition {
  return { kind: "none", why };
}

/** Of the rows that the level gives. */
export function partitionOf(level: Level): Partition {
  if (level.kind === "set-operation") return partitionOfSetOperation(level);
  const rows = partitionOfRows(level);
  if (rows.kind === "none") return rows;
  if (rows.kind === "replicated") {
    const why = checkSublinks(level.sublinks, undefined) ?? findUnstable(level);
    return why === undefined ? replicated : none(why);
  }
  if (level.shape.hasLimit) return none("LIMIT in a subquery");
  return partitionWithoutLimit(level, rows);
}

/** As `partitionOf`, for a level whose LIMIT is taken care of elsewhere. */
export function partitionWithoutLimit(level: Level, rows = partitionOfRows(level)): Partition {
  if (level.kind === "set-operation") return partitionOfSetOperation(level, true);
  if (rows.kind !== "partitioned") return rows;
  const anchor: Unit = { keys: rows.keys, group: rows.group, region: level.region };
  const sublinks = checkSublinks(
    level.sublinks.filter((each) => each.isAbove),
    anchor,
  );
  if (sublinks !== undefined) return none(sublinks);
  const shape = checkShape(level, rows.keys);
  if (shape !== undefined) return none(shape);
  return { ...rows, positions: rows.keys && positionsOf(level, rows.keys) };
}

/** Of the combinations of rows of FROM that pass WHERE, whatever is done with them. */
export function partitionOfRows(level: Level): Partition {
  if (level.kind === "set-operation") return none("a set operation");
  if (level.writes.length > 0) return none("WITH that writes");
  const found: Found = { units: [], laterals: [], sublinks: [] };
  const failure = collect(level, found);
  if (failure !== undefined) return none(failure);

  const anchor = anchorOf(level, found.units);
  if (anchor === undefined && found.units.length > 0)
    return none("an outer join keeps rows of a table that is not sharded");
  for (const unit of found.units) {
    if (unit !== anchor && !isColocated(unit, anchor!)) return none("tables are not joined on their shard keys");
  }
  for (const body of found.laterals) {
    const why = checkLocal(body, anchor);
    if (why !== undefined) return none(why);
  }
  const why = checkSublinks(found.sublinks, anchor);
  if (why !== undefined) return none(why);
  if (anchor === undefined) return replicated;
  return { kind: "partitioned", group: anchor.group, keys: anchor.keys, positions: undefined };
}

interface Found {
  readonly units: Unit[];
  /** Correlated subqueries in FROM that are not partitioned by themselves. */
  readonly laterals: Level[];
  /** In FROM and WHERE. */
  readonly sublinks: Sublink[];
}

/** Returns why it cannot be. */
function collect(level: Level, found: Found): string | undefined {
  found.sublinks.push(...level.sublinks.filter((each) => !each.isAbove));
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
    case "table":
      if (source.residence === "distributed")
        found.units.push({ keys: source.keys, group: source.colocationGroup, region });
      else if (source.residence !== "reference") return `"${source.node.relname}" is not a sharded table`;
      return undefined;
    case "subquery": {
      const { body } = source;
      if (source.isDissolved) {
        found.sublinks.push(...body.sublinks.filter((each) => each.isAbove));
        return collect(body, found);
      }
      const inner = partitionOf(body);
      if (inner.kind === "none") {
        if (!body.isCorrelated) return inner.why;
        found.laterals.push(body);
      } else if (inner.kind === "partitioned") {
        const keys = inner.positions?.map((position) => source.columns?.[position]?.variable);
        const isVisible = keys?.every((key) => key?.family !== undefined) === true;
        found.units.push({ keys: isVisible ? (keys as Variable[]) : undefined, group: inner.group, region });
      }
      return undefined;
    }
    case "function":
      return undefined;
    default:
      return source.kind === "recursive" ? "a recursive query" : "WITH that writes";
  }
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
  if (leftAnchor?.keys === undefined || rightAnchor?.keys === undefined || leftAnchor.group !== rightAnchor.group)
    return why;
  const pairs = classesOf(tree.pairs!, "own");
  if (!areEqual(pairs, leftAnchor.keys, rightAnchor.keys)) return why;
  const leftClasses = classesOf(leftAnchor.region, "own");
  const keys = leftAnchor.keys.map(
    (key) => tree.merged.find((column) => leftClasses.areEqual(column.left, key))?.merged,
  );
  const isVisible = keys.every((key) => key?.family !== undefined);
  found.units.push({
    keys: isVisible ? (keys as Variable[]) : undefined,
    group: leftAnchor.group,
    region: tree.region,
  });
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

/** A unit that has a row in every combination. */
function anchorOf(level: Level, units: readonly Unit[]): Unit | undefined {
  const classes = classesOf(level.region, "own");
  const present = units.filter((unit) => classes.isPresent(unit.region));
  return present.find((unit) => unit.keys !== undefined) ?? present[0];
}

/** Whether rows of the unit that go into one combination with a row of the anchor have its key. */
function isColocated(unit: Unit, anchor: Unit): boolean {
  if (unit.keys === undefined || anchor.keys === undefined || unit.group !== anchor.group) return false;
  return areEqual(classesOf(unit.region, "own"), unit.keys, anchor.keys);
}

function areEqual(classes: Classes, left: readonly Variable[], right: readonly Variable[]): boolean {
  return left.length === right.length && left.every((key, index) => classes.areEqual(key, right[index]!));
}

function checkSublinks(sublinks: readonly Sublink[], anchor: Unit | undefined): string | undefined {
  for (const { body } of sublinks) {
    const why = checkLocal(body, anchor);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** Whether a subquery, evaluated for a row of the anchor, reads nothing that is not on the shard of that row. */
function checkLocal(body: Level, anchor: Unit | undefined): string | undefined {
  const tables = [...tablesWithin(body)];
  const foreign = tables.find(({ residence }) => residence !== "distributed" && residence !== "reference");
  if (foreign !== undefined) return `"${foreign.node.relname}" is not a sharded table`;
  const sharded = tables.filter(({ residence }) => residence === "distributed");
  const unstable = findUnstable(body);
  if (unstable !== undefined && !body.isCorrelated) return unstable;
  if (sharded.length === 0) return undefined;
  if (anchor?.keys === undefined) return "a subquery reads a sharded table";
  const isNear = sharded.every((table) =>
    isColocated({ keys: table.keys, group: table.colocationGroup, region: table.region }, anchor),
  );
  if (isNear || isLinked(body, anchor)) return undefined;
  return "a subquery reads a sharded table without comparing its shard key with that of the query around it";
}

/** What would give every shard other rows, where one PostgreSQL would evaluate it once. */
function findUnstable(level: Level): string | undefined {
  for (const each of levelsWithin(level)) {
    if (each.hasVolatile) return "a subquery calls a volatile function";
    if (each.shape.hasLimit && each.sort.length === 0) return "LIMIT without ORDER BY in a subquery";
  }
  return undefined;
}

/** `key IN (SELECT key ..)`: partitioned by itself, and compared by its key. */
function isLinked(body: Level, anchor: Unit): boolean {
  const partition = partitionOf(body);
  if (partition.kind !== "partitioned" || partition.group !== anchor.group) return false;
  if (body.kind === "set-operation") return body.branches.every((branch) => isLinked(branch, anchor));
  return partition.keys !== undefined && areEqual(classesOf(body.region, "linked"), partition.keys, anchor.keys!);
}

/** What is done with the rows must stay within one key. */
function checkShape(
  { shape, outputs, region, isRecursive }: Level,
  keys: readonly Variable[] | undefined,
): string | undefined {
  if (isRecursive) return "a recursive query";
  const classes = classesOf(region, "own");
  const hasKey = (terms: readonly Pick<Term, "variable">[]): boolean =>
    keys?.every((key) => terms.some(({ variable }) => variable !== undefined && classes.areEqual(variable, key))) ===
    true;
  if (shape.hasGroupingSets) return "GROUPING SETS";
  if (shape.groupBy !== undefined) {
    if (!hasKey(shape.groupBy)) return "GROUP BY without the shard key";
  } else if (shape.hasAggregates || shape.hasHaving) {
    return "an aggregate over all rows";
  }
  if (!shape.windows.every(hasKey)) return "a window without the shard key in PARTITION BY";
  if (shape.distinct === "none") return undefined;
  const terms = shape.distinct === "all" ? (outputs ?? []) : shape.distinct.on;
  return hasKey(terms) ? undefined : "DISTINCT without the shard key";
}

function positionsOf({ outputs, region }: Level, keys: readonly Variable[]): readonly number[] | undefined {
  const classes = classesOf(region, "own");
  const positions = keys.map((key) =>
    (outputs ?? []).findIndex(({ variable }) => variable !== undefined && classes.areEqual(variable, key)),
  );
  return positions.includes(-1) ? undefined : positions;
}

function partitionOfSetOperation(level: Level, ignoresLimit = false): Partition {
  if (level.isRecursive) return none("a recursive query");
  if (level.shape.hasLimit && !ignoresLimit) return none("LIMIT in a subquery");
  if (level.writes.length > 0) return none("WITH that writes");
  const branches = level.branches.map((branch) => partitionOf(branch));
  const failed = branches.find((branch) => branch.kind === "none");
  if (failed !== undefined) return failed;
  if (branches.every((branch) => branch.kind === "replicated")) {
    return level.sublinks.length === 0 ? replicated : none("a subquery in a set operation");
  }
  const [left, right] = branches;
  if (left?.kind !== "partitioned" || right?.kind !== "partitioned") {
    return none("a set operation of sharded and other rows");
  }
  const isAligned =
    left.group === right.group &&
    left.positions !== undefined &&
    left.positions.length === right.positions?.length &&
    left.positions.every((position, index) => position === right.positions![index] && hasOneFamily(level, position));
  if (!isAligned && !isUnionAll(level))
    return none("a set operation without the shard key in the same place on both sides");
  if (level.sublinks.length > 0) return none("a subquery in a set operation");
  return { kind: "partitioned", group: left.group, keys: undefined, positions: isAligned ? left.positions : undefined };
}

/** Whether equal values of an output hash alike, whichever side they come from. */
function hasOneFamily(level: Level, position: number): boolean {
  const families = familiesOf(level, position);
  return families.length > 0 && families.every((family) => family !== undefined && family === families[0]);
}

function familiesOf(level: Level, position: number): (string | undefined)[] {
  if (level.kind === "set-operation") return level.branches.flatMap((branch) => familiesOf(branch, position));
  return [level.outputs?.[position]?.variable?.family];
}
