// The proof that a query can be asked of every shard by itself: the rows of the whole are those of the shards, one after
// the other. A level is partitioned if all sharded tables in it are colocated, that is, all rows of one combination
// have equal shard keys; and if what it does with the combinations (GROUP BY, DISTINCT, windows, ..) stays within one key.
import { isUnionAll } from "../analysis/analyze-select.ts";
import { classesOf } from "../analysis/classes.ts";
import type { Level, Term } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";
import { findForeign, findUnstable, whyNotLocal } from "./local-subquery.ts";
import {
  anchorOf,
  collectUnits,
  hasUnsteadyOutput,
  isColocated,
  notJoinedOnKeys,
  type Unit,
  unsteady,
} from "./units.ts";

export interface Partitioned {
  readonly kind: "partitioned";
  /** Colocation group. */
  readonly group: number;
  /** Variables inside the level by whose values its rows are spread; undefined: they cannot be seen. */
  readonly keys: readonly Variable[] | undefined;
  /** Positions of outputs that have the values of the keys. */
  readonly positions: readonly number[] | undefined;
}

export type Partition =
  | Partitioned
  /** The same rows on every shard. */
  | { readonly kind: "replicated" }
  | { readonly kind: "none"; readonly why: string };

const replicated: Partition = { kind: "replicated" };

function none(why: string): Partition {
  return { kind: "none", why };
}

const partitions = new WeakMap<Level, Partition>();

/** Of the rows that the level gives. */
export function partitionOf(level: Level): Partition {
  // What is known of a level does not change once the statement has been analyzed.
  let partition = partitions.get(level);
  if (partition === undefined) {
    partition = findPartition(level);
    partitions.set(level, partition);
  }
  return partition;
}

function findPartition(level: Level): Partition {
  if (level.kind === "set-operation") return partitionOfSetOperation(level);
  const rows = partitionOfRows(level);
  if (rows.kind === "none") return rows;
  if (rows.kind === "replicated") {
    const why = findForeign(level.sublinks, undefined) ?? findUnstable(level);
    if (hasUnsteadyOutput(level)) return none(unsteady);
    return why === undefined ? replicated : none(why);
  }
  if (level.shape.hasLimit) return none("LIMIT in a subquery");
  return partitionWithoutLimit(level, rows);
}

/** As `partitionOf`, for a level whose LIMIT is taken care of elsewhere. */
export function partitionWithoutLimit(level: Level, rows = partitionOfRows(level)): Partition {
  if (level.kind === "set-operation") return partitionOfSetOperation(level, true);
  if (rows.kind !== "partitioned") return rows;
  const above = level.sublinks.filter(({ part }) => part === "above");
  if (hasUnsteadyOutput(level)) return none(unsteady);
  const why = findForeign(above, unitOf(level, rows)) ?? checkShape(level, rows.keys);
  if (why !== undefined) return none(why);
  return { ...rows, positions: rows.keys && positionsOf(level, rows.keys) };
}

/** Of the combinations of rows of FROM that pass WHERE, whatever is done with them. */
export function partitionOfRows(level: Level): Partition {
  const from = partitionOfFrom(level);
  if (from.kind === "none") return from;
  if (level.serverCalls.has("where")) return none(unsteady);
  const anchor = from.kind === "partitioned" ? unitOf(level, from) : undefined;
  const why = findForeign(
    level.sublinks.filter(({ part }) => part === "where"),
    anchor,
  );
  return why === undefined ? from : none(why);
}

/** Of the combinations of rows of FROM that matter, though the subqueries in WHERE may have to be evaluated elsewhere. */
export function partitionOfFrom(level: Level): Partition {
  if (level.kind === "set-operation") return none("a set operation");
  if (level.writes.length > 0) return none("WITH that writes");
  if (level.serverCalls.has("from")) return none(unsteady);
  const found = collectUnits(level);
  if (typeof found === "string") return none(found);

  const anchor = anchorOf(level, found.units);
  if (anchor === undefined && found.units.length > 0) {
    return none("an outer join keeps rows of a table that is not sharded");
  }
  if (found.units.some((unit) => unit !== anchor && !isColocated(unit, anchor!))) return none(notJoinedOnKeys);
  const lateral = found.laterals.map((body) => whyNotLocal(body, anchor)).find((why) => why !== undefined);
  const why = lateral ?? findForeign(found.sublinks, anchor);
  if (why !== undefined) return none(why);
  if (anchor === undefined) return replicated;
  return { kind: "partitioned", group: anchor.group, keys: anchor.keys, positions: undefined };
}

/** The level's rows as what subqueries in it are compared with. */
export function unitOf({ region }: Level, { keys, group }: Partitioned): Unit {
  return { keys, group, region };
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
  if (level.sublinks.length > 0) return none("a subquery beside a set operation");
  const branches = level.branches.map((branch) => partitionOf(branch));
  const failed = branches.find((branch) => branch.kind === "none");
  if (failed !== undefined) return failed;
  const [left, right] = branches;
  if (left?.kind === "replicated" && right?.kind === "replicated") return replicated;
  if (left?.kind !== "partitioned" || right?.kind !== "partitioned") {
    return none("a set operation of sharded and other rows");
  }
  const isAligned =
    left.group === right.group &&
    left.positions !== undefined &&
    left.positions.length === right.positions?.length &&
    left.positions.every((position, index) => position === right.positions![index] && hasOneFamily(level, position));
  if (!isAligned && !isUnionAll(level)) {
    return none("a set operation without the shard key in the same place on both sides");
  }
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
