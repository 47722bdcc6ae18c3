// The bucket map speaks of shards by ordinal; everything else by name.
import { assert } from "../base/assert.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";

const byOrdinal = new WeakMap<Topology, readonly (ShardName | undefined)[]>();

export function shardOfBucket(topology: Topology, bucket: number): ShardName {
  let names = byOrdinal.get(topology);
  if (names === undefined) {
    const list: (ShardName | undefined)[] = [];
    for (const { name, ordinal } of topology.shards.values()) list[ordinal] = name;
    names = list;
    byOrdinal.set(topology, names);
  }
  const name = names[topology.buckets.owners[bucket]!];
  assert(name !== undefined, "the bucket map names a shard that does not exist");
  return name;
}
