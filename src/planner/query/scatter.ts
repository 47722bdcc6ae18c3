// The same query on several shards: what it computes stays within one shard key, so that the rows of the shards, put one
// after the other or merged in order, are the answer. Sort expressions travel as hidden columns behind the others.
import type { Node, SelectStmt } from "@pgsql/types";
import { assert } from "../../base/assert.ts";
import type { Analysis, Level } from "../analysis/model.ts";
import type { CountSource, ScatterPlan, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { sqlOf } from "../plan-rows.ts";
import { distinctTargets, keysTarget } from "./bind-keys.ts";
import { limitSource, pushedLimit } from "./limit.ts";
import { type MergeKey, mergeKeys } from "./merge-keys.ts";
import { partitionWithoutLimit } from "./partition.ts";
import { isReadOnly } from "./read-only.ts";

/** undefined: it must be gathered. */
export function scatterPlan(input: PlanInput, analysis: Analysis): ScatterPlan | undefined {
  const { root } = analysis;
  if (partitionWithoutLimit(root).kind !== "partitioned") return undefined;
  const select = root.node as SelectStmt;
  if (select.limitOption === "LIMIT_OPTION_WITH_TIES") return undefined;
  const limit = limitSource(select.limitCount);
  const offset = limitSource(select.limitOffset);
  const keys = mergeKeys(input, analysis);
  if (limit === "unknown" || offset === "unknown" || keys === undefined) return undefined;
  return {
    kind: "scatter",
    target: targetOf(root),
    sql: sqlForShards(input, root, select, keys, limit, offset),
    hiddenColumns: keys.length,
    orderBy: keys.map((key, index) => ({
      column: visibleColumns(root, keys.length) + index,
      descending: key.descending,
      nullsFirst: key.nullsFirst,
    })),
    limit,
    offset,
    readOnly: isReadOnly(input, analysis),
  };
}

function sqlForShards(
  input: PlanInput,
  root: Level,
  select: SelectStmt,
  keys: readonly MergeKey[],
  limit: CountSource | undefined,
  offset: CountSource | undefined,
): string {
  if (keys.length === 0 && offset === undefined) return input.statement.text;
  const extended = keys.length === 0 ? select : withHidden(root, select, keys);
  if (offset === undefined) return sqlOf({ SelectStmt: extended });
  const { limitOffset: _cut, limitCount: _count, ...uncut } = extended;
  const pushed = limit === undefined ? undefined : pushedLimit(limit, offset);
  return sqlOf({
    SelectStmt:
      pushed === undefined ? { ...uncut, limitOption: "LIMIT_OPTION_DEFAULT" } : { ...uncut, limitCount: pushed },
  });
}

/** Every branch of a set operation gets the columns. */
function withHidden(level: Level, select: SelectStmt, keys: readonly MergeKey[]): SelectStmt {
  if (level.kind === "set-operation") {
    const [left, right] = level.branches;
    return {
      ...select,
      larg: withHidden(left!, left!.node as SelectStmt, keys),
      rarg: withHidden(right!, right!.node as SelectStmt, keys),
    };
  }
  const hidden = keys.map((key, index): Node => {
    const val = key.position === undefined ? key.node : level.outputs?.[key.position]?.expression;
    assert(val !== undefined, "a merge key has an expression");
    return { ResTarget: { name: `shardgres_sort_${index + 1}`, val } };
  });
  return { ...select, targetList: [...(select.targetList ?? []), ...hidden] };
}

/** Columns in front of the hidden ones; where they are not known, the merge counts from the end anyway. */
function visibleColumns({ outputs }: Level, keys: number): number {
  assert(outputs !== undefined || keys === 0, "a sorted scatter has known columns");
  return outputs?.length ?? 0;
}

/** Of a partitioned level: shards without any of the keys have no rows. */
export function targetOf(level: Level): Target {
  if (level.kind === "set-operation") return unionOf(level.branches.map(targetOf));
  for (const source of sourcesOf(level)) {
    if (source.residence !== "distributed" || source.region !== level.region) continue;
    const target = keysTarget(source);
    if (target !== undefined) return target;
  }
  return { kind: "all" };
}

function sourcesOf(level: Level): Extract<Level["sources"][number], { kind: "table" }>[] {
  return level.sources.flatMap((source) => {
    if (source.kind === "table") return [source];
    return source.kind === "subquery" && source.isDissolved ? sourcesOf(source.body) : [];
  });
}

export function unionOf(targets: readonly Target[]): Target {
  const [first, ...others] = distinctTargets(targets);
  if (others.length === 0) return first!;
  if (first?.kind !== "keys" || others.some((target) => target.kind !== "keys")) return { kind: "all" };
  const keys = [first, ...others].flatMap((target) => (target.kind === "keys" ? target.keys : []));
  return { ...first, keys };
}
