// Changing the document of one shard, by compare-and-swap.
import { AppError } from "../base/app-error.ts";
import { shardKeyInStore } from "./documents.ts";
import { readShard, writeShard } from "./shard-document.ts";
import type { Shard, ShardName } from "./snapshot.ts";
import { isConflict, type TopologyStore } from "./store.ts";

/** A shard as it was read, for a change that must not be made when it has changed meanwhile. */
export interface ReadShard {
  readonly shard: Shard;
  /** See `Entry`. */
  readonly version: string;
}

/** Throws AppError "no-shard" when the topology does not have the shard. */
export async function getShard(store: TopologyStore, name: ShardName): Promise<ReadShard> {
  const key = shardKeyInStore(name);
  const entry = await store.get(key);
  if (!entry) throw new AppError("no-shard", `the topology has no shard "${name}"`);
  return { shard: readShard(key, entry.value), version: entry.version };
}

/** Throws AppError "conflict" when it is not any more as it was read; then nothing is written. */
export async function replaceShard(store: TopologyStore, before: ReadShard, after: Shard): Promise<ReadShard> {
  const version = await store.put(shardKeyInStore(before.shard.name), writeShard(after), before.version);
  return { shard: after, version };
}

/** `change` may be asked more than once; the same shard that it is given says that nothing is to be changed. */
export async function changeShard(
  store: TopologyStore,
  name: ShardName,
  change: (before: Shard) => Shard,
): Promise<ReadShard> {
  for (;;) {
    const before = await getShard(store, name);
    const after = change(before.shard);
    if (after === before.shard) return before;
    try {
      return await replaceShard(store, before, after);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
