// From a plan's targets to shards, with the values of this run and the bucket map of this moment.
import { unreachable } from "../base/assert.ts";
import { parameterFormat } from "../pgwire/frontend-message.ts";
import type { StoredKey, Target, ValueSource } from "../planner/plan.ts";
import { KeyHasher } from "../sharding/key-hasher.ts";
import { type ShardKeyType, shardKeyType } from "../sharding/shard-key-type.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import { arrayParameterTexts } from "./array-parameter.ts";
import type { StatementRun } from "./execution.ts";
import { nullShardKey } from "./null-shard-key.ts";
import { shardOfBucket } from "./shard-of-bucket.ts";

const hasher = new KeyHasher();

/** A key of these sources: its bucket; "null" when a component is NULL; undefined when a value is of no use for routing. */
export function bucketOfKey(
  types: readonly ShardKeyType[],
  key: readonly ValueSource[],
  run: StatementRun,
  stored?: StoredKey,
): number | "null" | undefined {
  hasher.start();
  for (let i = 0; i < types.length; i++) {
    const added = addValue(types[i]!, key[i]!, run, stored?.columns[i]?.lengthMax);
    if (added === "null") return "null";
    if (!added) return undefined;
  }
  return hasher.bucket();
}

function addValue(
  type: ShardKeyType,
  source: ValueSource,
  run: StatementRun,
  lengthMax: number | undefined,
): boolean | "null" {
  switch (source.kind) {
    case "constant":
      return source.text === null ? "null" : hasher.addText(type, storedText(source.text, lengthMax));
    case "literal": {
      const { text } = run.literals[source.slot]!;
      return hasher.addText(type, source.negated ? `-${text}` : storedText(text, lengthMax));
    }
    case "parameter": {
      const { parameters } = run;
      const index = source.number - 1;
      if (parameters === undefined || index >= parameters.count) return false;
      const length = parameters.lengths[index]!;
      if (length < 0) return "null";
      const start = parameters.starts[index]!;
      const format = parameterFormat(parameters, index);
      // A value in binary is in the form of the parameter's type, which need not be the column's.
      if (format === 1 && shardKeyType(run.parameterTypes[index] ?? 0) !== type) return false;
      if (lengthMax !== undefined) {
        return hasher.addText(type, storedText(parameters.bytes.toString("utf8", start, start + length), lengthMax));
      }
      return hasher.addBytes(type, format === 0 ? 0 : 1, parameters.bytes, start, start + length);
    }
    default:
      return unreachable(source);
  }
}

/** What a varchar(n) column keeps of a value: blanks beyond n are cut. */
export function storedText(text: string, lengthMax: number | undefined): string {
  if (lengthMax === undefined || text.length <= lengthMax) return text;
  const kept = [...text];
  let end = kept.length;
  while (end > lengthMax && kept[end - 1] === " ") end--;
  return kept.slice(0, end).join("");
}

/**
 * The shards of one target; undefined when a value is of no use for routing. `joined` are the shards that the
 * transaction uses already: for "any" one of them is best.
 */
export function shardsOfTarget(
  target: Target,
  topology: Topology,
  run: StatementRun,
  joined: Iterable<ShardName>,
): readonly ShardName[] | undefined {
  switch (target.kind) {
    case "home":
      return [topology.home];
    case "any": {
      for (const shard of joined) return [shard];
      return [anyShard(topology)];
    }
    case "all":
      return [...topology.shards.keys()];
    case "keys": {
      // The common case first: one key, no set to be made.
      if (target.keys.length === 1) {
        const bucket = bucketOfKey(target.types, target.keys[0]!, run, target.stored);
        if (bucket === undefined) return undefined;
        if (bucket !== "null") return [shardOfBucket(topology, bucket)];
        if (target.stored !== undefined) throw nullShardKey(target.stored);
        return [anyShard(topology)];
      }
      const shards = new Set<ShardName>();
      for (const key of target.keys) {
        const bucket = bucketOfKey(target.types, key, run, target.stored);
        if (bucket === undefined) return undefined;
        // NULL equals nothing, so this key has no rows.
        if (bucket !== "null") shards.add(shardOfBucket(topology, bucket));
      }
      return shards.size === 0 ? [anyShard(topology)] : [...shards];
    }
    case "array": {
      const { parameters } = run;
      const index = target.parameter - 1;
      if (parameters === undefined || index >= parameters.count) return undefined;
      const texts = arrayParameterTexts(parameters, index);
      if (texts === undefined) return undefined;
      const shards = new Set<ShardName>();
      for (const text of texts) {
        if (text === null) continue;
        hasher.start();
        if (!hasher.addText(target.type, text)) return undefined;
        shards.add(shardOfBucket(topology, hasher.bucket()));
      }
      return shards.size === 0 ? [anyShard(topology)] : [...shards];
    }
    default:
      return unreachable(target);
  }
}

let turn = 0;

/** Each in turn, so that statements which may run anywhere are spread. */
function anyShard(topology: Topology): ShardName {
  turn = (turn + 1) % topology.shards.size;
  let i = 0;
  for (const name of topology.shards.keys()) if (i++ === turn) return name;
  return topology.home;
}

/** The one shard that all targets mean; undefined when there is no such shard. */
export function singleShardOf(
  targets: readonly Target[],
  topology: Topology,
  run: StatementRun,
  joined: Iterable<ShardName>,
): ShardName | undefined {
  let single: ShardName | undefined;
  let isAny = targets.length === 0;
  for (const target of targets) {
    if (target.kind === "any") {
      isAny = true;
      continue;
    }
    const shards = shardsOfTarget(target, topology, run, joined);
    if (shards === undefined || shards.length !== 1) return undefined;
    if (single !== undefined && single !== shards[0]) return undefined;
    single = shards[0];
  }
  return single ?? (isAny ? shardsOfTarget({ kind: "any" }, topology, run, joined)![0] : undefined);
}
