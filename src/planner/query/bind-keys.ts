// Which values the shard key of a table can have in this statement, as a target.
import { classesOf } from "../analysis/classes.ts";
import type { TableSource } from "../analysis/model.ts";
import type { KeyValues } from "../analysis/region.ts";
import type { Target, ValueSource } from "../plan.ts";

/** More keys than this are as good as all shards. */
const KEYS_MAX = 10_000;

/** Rows of the table with other keys cannot matter to the answer. undefined: every key may matter. */
export function keysTarget(table: TableSource): Target | undefined {
  if (table.keys.length === 0) return undefined;
  const classes = classesOf(table.region, "binding");
  const types = table.keys.map((key) => key.family!);
  const values = table.keys.map((key) => fewest(classes.valuesOf(key)));
  const [only] = values;
  if (only?.kind === "array") {
    return values.length === 1 ? { kind: "array", type: types[0]!, parameter: only.parameter } : undefined;
  }
  let keys: ValueSource[][] = [[]];
  for (const each of values) {
    if (each?.kind !== "list" || keys.length * each.sources.length > KEYS_MAX) return undefined;
    keys = keys.flatMap((key) => each.sources.map((source) => [...key, source]));
  }
  return { kind: "keys", types, keys: withoutDoubles(keys) };
}

function fewest(values: readonly KeyValues[]): KeyValues | undefined {
  const size = (each: KeyValues): number => (each.kind === "list" ? each.sources.length : Number.MAX_SAFE_INTEGER);
  return [...values].sort((left, right) => size(left) - size(right))[0];
}

function withoutDoubles(keys: readonly ValueSource[][]): ValueSource[][] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}

/** Without those that occur before. */
export function distinctTargets(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [JSON.stringify(target), target])).values()];
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
