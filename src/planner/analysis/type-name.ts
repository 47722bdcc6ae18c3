// Types by name, as far as the planner must know them.
import type { TypeName } from "@pgsql/types";
import { oid } from "../../pgwire/oid.ts";
import { type ShardKeyType, shardKeyType } from "../../sharding/shard-key-type.ts";
import { nodeOf } from "../../sql/walk.ts";

const byName = new Map<string, number>(
  Object.entries({
    bool: oid.bool,
    bytea: oid.bytea,
    char: oid.char,
    name: oid.name,
    int8: oid.int8,
    int2: oid.int2,
    int4: oid.int4,
    text: oid.text,
    oid: oid.oid,
    json: oid.json,
    xml: oid.xml,
    float4: oid.float4,
    float8: oid.float8,
    money: oid.money,
    bpchar: oid.bpchar,
    varchar: oid.varchar,
    date: oid.date,
    time: oid.time,
    timestamp: oid.timestamp,
    timestamptz: oid.timestamptz,
    interval: oid.interval,
    timetz: oid.timetz,
    numeric: oid.numeric,
    uuid: oid.uuid,
    jsonb: oid.jsonb,
  }),
);

const arrayElement = new Map<number, number>([
  [1000, oid.bool],
  [1001, oid.bytea],
  [1005, oid.int2],
  [1007, oid.int4],
  [1016, oid.int8],
  [1009, oid.text],
  [1015, oid.varchar],
  [1014, oid.bpchar],
  [2951, oid.uuid],
  [1182, oid.date],
  [1115, oid.timestamp],
  [1185, oid.timestamptz],
  [1231, oid.numeric],
]);

/** undefined for arrays, for types with a length or precision (a cast to them changes values), and for others than the above. */
export function plainTypeOid(type: TypeName | undefined): number | undefined {
  if (type === undefined || isArray(type) || (type.typmods ?? []).length > 0) return undefined;
  return namedTypeOid(type);
}

/** The element type of `name[]`, under the same conditions. */
export function plainElementTypeOid(type: TypeName | undefined): number | undefined {
  if (type === undefined || !isArray(type) || (type.typmods ?? []).length > 0) return undefined;
  return namedTypeOid(type);
}

/** Also for types with a length or precision. */
export function typeOidOf(type: TypeName | undefined): number | undefined {
  return type === undefined || isArray(type) ? undefined : namedTypeOid(type);
}

/** The family of the elements of an array type. */
export function elementFamily(arrayTypeOid: number): ShardKeyType | undefined {
  const element = arrayElement.get(arrayTypeOid);
  return element === undefined ? undefined : shardKeyType(element);
}

function isArray(type: TypeName): boolean {
  return (type.arrayBounds ?? []).length > 0 || type.setof === true;
}

function namedTypeOid(type: TypeName): number | undefined {
  const names = (type.names ?? []).map((name) => nodeOf(name, "String")?.sval);
  if (names.length > 2 || (names.length === 2 && names[0] !== "pg_catalog") || type.pct_type) return undefined;
  return byName.get(names.at(-1) ?? "");
}
