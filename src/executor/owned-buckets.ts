// "This shard owns the row's bucket" as a SQL condition: the buckets as a string of bits, one look into it per row.
import { bucketExpression, type ShardKeyColumn } from "../sharding/bucket-expression.ts";
import type { Topology } from "../topology/snapshot.ts";

/** `ordinal` is the shard's. */
export function ownsRowSql(columns: readonly ShardKeyColumn[], { buckets }: Topology, ordinal: number): string {
  const bits = Buffer.alloc(buckets.owners.length / 8);
  for (const [bucket, owner] of buckets.owners.entries()) {
    // get_bit counts from the lowest bit of each byte.
    if (owner === ordinal) bits[bucket >> 3]! |= 1 << (bucket & 7);
  }
  return `pg_catalog.get_bit(pg_catalog.decode('${bits.toString("hex")}', 'hex'), ${bucketExpression(columns)}::integer) = 1`;
}
