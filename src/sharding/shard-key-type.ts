// The types that a shard key column can have, and the object ids that belong to each.
import { oid } from "../pgwire/oid.ts";

/**
 * Values of one type hash alike on every shard and in the gateway. `integer` stands for int2, int4 and int8,
 * whose hash functions agree (hashint8.c), `text` for text and varchar.
 */
export type ShardKeyType =
  | "integer"
  | "text"
  | "bpchar"
  | "uuid"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "numeric"
  | "bytea"
  | "bool";

const byOid = new Map<number, ShardKeyType>([
  [oid.int2, "integer"],
  [oid.int4, "integer"],
  [oid.int8, "integer"],
  [oid.text, "text"],
  [oid.varchar, "text"],
  [oid.bpchar, "bpchar"],
  [oid.uuid, "uuid"],
  [oid.date, "date"],
  [oid.timestamp, "timestamp"],
  [oid.timestamptz, "timestamptz"],
  [oid.numeric, "numeric"],
  [oid.bytea, "bytea"],
  [oid.bool, "bool"],
]);

/** undefined: the type cannot be (part of) a shard key. */
export function shardKeyType(typeOid: number): ShardKeyType | undefined {
  return byOid.get(typeOid);
}
