// Whether a subquery in an expression can be evaluated on the shard of the row that it is evaluated for.
import { classesOf } from "../analysis/classes.ts";
import type { Level, Sublink } from "../analysis/model.ts";
import { levelsWithin, tablesWithin } from "./levels-below.ts";
import { partitionOf } from "./partition.ts";
import { areEqual, hasUnsteadyOutput, isColocated, type Unit, unsteady } from "./units.ts";

/** undefined: all of them can. `anchor` is what spreads the rows around them; undefined: they are on every shard. */
export function findForeign(sublinks: readonly Sublink[], anchor: Unit | undefined): string | undefined {
  for (const { body } of sublinks) {
    const why = whyNotLocal(body, anchor);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** undefined: for a row of the anchor it reads nothing that is not on the shard of that row. */
export function whyNotLocal(body: Level, anchor: Unit | undefined): string | undefined {
  const tables = [...tablesWithin(body)];
  const foreign = tables.find(({ residence }) => residence !== "distributed" && residence !== "reference");
  if (foreign !== undefined) return `"${foreign.node.relname}" is not a sharded table`;
  const sharded = tables.filter(({ residence }) => residence === "distributed");
  const levels = [...levelsWithin(body)];
  if (levels.some((level) => hasUnsteadyOutput(level) || level.serverCalls.size > 0)) return unsteady;
  const unstable = findUnstable(body);
  if (unstable !== undefined && !body.isCorrelated) return unstable;
  if (sharded.length === 0) return undefined;
  if (anchor?.keys === undefined) return "a subquery reads a sharded table";
  const isNear = sharded.every(({ keys, colocationGroup: group, region }) =>
    isColocated({ keys, group, region }, anchor),
  );
  if (isNear || isLinked(body, anchor)) return undefined;
  return "a subquery reads a sharded table without comparing its shard key with that of the query around it";
}

/** What would give every shard other rows, where one PostgreSQL would evaluate it once. */
export function findUnstable(level: Level): string | undefined {
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
