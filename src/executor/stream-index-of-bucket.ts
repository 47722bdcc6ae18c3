// Bucket -> position in a list of shards, as a table, for those who route row after row.
import { assert } from "../base/assert.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";

/** `shards` must hold the owners of all buckets. */
export function streamIndexOfBucket(topology: Topology, shards: readonly ShardName[]): Uint16Array {
  const byOrdinal = new Map(
    shards.map((name, index) => {
      const shard = topology.shards.get(name);
      assert(shard !== undefined, "a shard that is not in the topology");
      return [shard.ordinal, index];
    }),
  );
  return topology.buckets.owners.map((ordinal) => {
    const index = byOrdinal.get(ordinal);
    assert(index !== undefined, "a bucket belongs to a shard that is not asked");
    return index;
  });
}
