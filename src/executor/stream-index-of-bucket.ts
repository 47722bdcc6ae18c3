// Bucket -> position in a list of shards, as a table, for those who route row after row.
import type { ShardName, Topology } from "../topology/snapshot.ts";

/** Stands for shards that are not in the list. */
export const notListed = 0xffff;

export function streamIndexOfBucket(topology: Topology, shards: readonly ShardName[]): Uint16Array {
  const byOrdinal = new Map(shards.map((name, index) => [topology.shards.get(name)?.ordinal, index]));
  return topology.buckets.owners.map((ordinal) => byOrdinal.get(ordinal) ?? notListed);
}
