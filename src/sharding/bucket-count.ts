// A bucket is the top 14 bits of a keyspace id, which is the 64-bit hash of a shard key.

export const bucketCount = 16384;
