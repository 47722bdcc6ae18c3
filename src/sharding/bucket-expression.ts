// The same computation in SQL, out of built-in immutable functions, so that a shard can filter, check and delete rows by
// bucket without an extension (row filters of publications, guard triggers, prunes).
import { assert } from "../base/assert.ts";
import type { ShardKeyType } from "./shard-key-type.ts";

export interface ShardKeyColumn {
  /** As it stands in SQL: quoted if need be, qualified if wanted (`NEW."Id"`). */
  readonly quotedName: string;
  readonly type: ShardKeyType;
}

/**
 * A bigint expression: the bucket (0 to 16383) of a row. Agrees with `KeyHasher`. hash_record_extended of one column is
 * that column's hash; it serves where a type has no function of its own before PostgreSQL 18.
 */
export function bucketExpression(columns: readonly ShardKeyColumn[]): string {
  const [first] = columns;
  assert(first, "a shard key has at least one column");
  const hash =
    columns.length === 1 ? singleHash(first) : `hash_record_extended(ROW(${columns.map(comparable).join(", ")}), 0)`;
  return `((${hash} >> 50) & 16383)`;
}

function singleHash(column: ShardKeyColumn): string {
  switch (column.type) {
    case "integer":
      return `hashint8extended(${comparable(column)}, 0)`;
    case "text":
    case "bpchar":
      return `hashbpcharextended(${comparable(column)}, 0)`;
    case "uuid":
      return `uuid_hash_extended(${comparable(column)}, 0)`;
    case "numeric":
      return `hash_numeric_extended(${comparable(column)}, 0)`;
    default:
      return `hash_record_extended(ROW(${comparable(column)}), 0)`;
  }
}

/** Types that share one kind of shard key are brought to one type. */
function comparable({ quotedName, type }: ShardKeyColumn): string {
  if (type === "integer") return `${quotedName}::int8`;
  if (type === "text" || type === "bpchar") return `${quotedName}::bpchar`;
  return quotedName;
}
