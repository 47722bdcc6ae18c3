// A tablet says that it is the primary of its shard, and where it is reached.
import { AppError } from "../base/app-error.ts";
import { readShard, shardKeyInStore, writeShard } from "./documents.ts";
import type { Shard, ShardName, Tablet } from "./snapshot.ts";
import { isConflict, type TopologyStore } from "./store.ts";

/**
 * The term rises when another tablet was primary before, and stays when only the address is new. Throws AppError
 * "no-shard" when the topology does not have the shard.
 */
export async function registerPrimary(store: TopologyStore, name: ShardName, primary: Tablet): Promise<Shard> {
  const key = shardKeyInStore(name);
  for (;;) {
    const entry = await store.get(key);
    if (!entry) throw new AppError("no-shard", `the topology has no shard "${name}"`);
    const before = readShard(key, entry.value);
    if (before.primary && isSame(before.primary, primary)) return before;
    const term = before.primary?.name === primary.name ? before.term : before.term + 1;
    const after: Shard = { name, ordinal: before.ordinal, primary, term };
    try {
      await store.put(key, writeShard(after), entry.version);
      return after;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

function isSame(a: Tablet, b: Tablet): boolean {
  return a.name === b.name && a.address.host === b.address.host && a.address.port === b.address.port;
}
