// A catalog snapshot from a compact description, one relation or function per line:
//   distributed orders(customer_id bigint not null, id bigint, note text collate "C") key customer_id group 1 primary customer_id, id
//   reference countries(code text, name text) primary code
//   unsharded settings(name text, value text)
//   view v(id bigint) as SELECT ...
//   function f(volatile, plpgsql) as body
// Names may have a schema in front; without, it is public.
import { assert } from "../../../src/base/assert.ts";
import type { CatalogSnapshot, Column, Distribution, Relation, UserFunction } from "../../../src/catalog/snapshot.ts";
import { oid } from "../../../src/pgwire/oid.ts";
import { shardKeyType } from "../../../src/sharding/shard-key-type.ts";

const typeOids: Readonly<Record<string, number>> = {
  ...oid,
  bigint: oid.int8,
  integer: oid.int4,
  int: oid.int4,
  smallint: oid.int2,
  "double precision": oid.float8,
  real: oid.float4,
  boolean: oid.bool,
  "character varying": oid.varchar,
  "text[]": 1009,
  "bigint[]": 1016,
  mood: 20001,
};

const collatable: readonly number[] = [oid.text, oid.varchar, oid.bpchar];

export function catalogOf(description: string, options: { bytewise?: boolean } = {}): CatalogSnapshot {
  const bytewise = options.bytewise ?? true;
  const relations = new Map<string, Map<string, Relation>>();
  const relationsByOid = new Map<number, Relation>();
  const userFunctions = new Map<string, UserFunction[]>();
  for (const line of description.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("--")) continue;
    if (line.startsWith("function ")) {
      const made = functionOf(line);
      userFunctions.set(made.name, [...(userFunctions.get(made.name) ?? []), made]);
      continue;
    }
    const relation = relationOf(line, 16384 + relationsByOid.size, bytewise);
    relationsByOid.set(relation.oid, relation);
    const schema = relations.get(relation.schema) ?? new Map<string, Relation>();
    relations.set(relation.schema, schema.set(relation.name, relation));
  }
  return {
    database: "test",
    version: 1,
    relations,
    relationsByOid,
    systemRelations: new Set(["pg_class", "pg_type", "pg_namespace", "pg_stat_activity", "pg_tables"]),
    informationSchemaRelations: new Set(["tables", "columns"]),
    userFunctions,
    volatileFunctions: new Set([
      "random",
      "nextval",
      "setval",
      "clock_timestamp",
      "pg_advisory_lock",
      "setseed",
      "pg_total_relation_size",
    ]),
    stableFunctions: new Set(["now", "current_setting", "to_char", "pg_backend_pid"]),
    aggregateFunctions: new Set(
      (
        "count sum min max avg bool_and bool_or every bit_and bit_or string_agg array_agg json_agg jsonb_agg stddev " +
        "percentile_cont mode any_value"
      ).split(" "),
    ),
    setReturningFunctions: new Set(["generate_series", "unnest", "jsonb_array_elements"]),
    defaultCollationBytewise: bytewise,
    arrayTypes: new Map([
      [oid.int8, 1016],
      [oid.int4, 1007],
      [oid.text, 1009],
    ]),
    hasShardedTables: [...relationsByOid.values()].some(({ distribution }) => distribution.kind !== "unsharded"),
  };
}

function relationOf(line: string, relationOid: number, bytewise: boolean): Relation {
  const match = /^(\w+) ((?:[\w.]|"[^"]+")+)\((.*?)\)(?: key (.*?) group (\d+))?(?: primary (.*?))?(?: as (.*))?$/.exec(
    line,
  );
  assert(match, `a relation: ${line}`);
  const [, kind = "", fullName = "", columnList = "", key, group, primary, definition] = match;
  const parts = fullName.split(".").map((part) => part.replaceAll('"', ""));
  const name = parts.at(-1)!;
  const columns = columnList
    .split(/,\s+/)
    .filter(Boolean)
    .map((text) => columnOf(text, bytewise));
  const shardKey = key?.split(/,\s*/) ?? [];
  const distribution: Distribution =
    kind === "distributed"
      ? {
          kind,
          shardKey,
          types: shardKey.map((each) => shardKeyType(columns.find((column) => column.name === each)!.typeOid)!),
          colocationGroup: Number(group),
        }
      : { kind: kind === "reference" ? "reference" : "unsharded" };
  return {
    oid: relationOid,
    schema: parts.length > 1 ? parts[0]! : "public",
    name,
    kind: kind === "view" ? "view" : "table",
    columns,
    distribution,
    parent: undefined,
    primaryKey: primary?.split(/,\s*/),
    definition,
    hasTriggers: false,
    triggerFunctions: [],
    hasRules: false,
  };
}

function columnOf(text: string, bytewise: boolean): Column {
  const match = /^("[^"]+"|\w+) (.*?)( not null)?(?: collate (.*))?$/.exec(text);
  assert(match, `a column: ${text}`);
  const [, quoted = "", typeName = "", notNull, collation] = match;
  const length = /\((\d+)(?:,(\d+))?\)$/.exec(typeName);
  const typeOid = typeOids[typeName.replace(/\(.*\)$/, "")];
  assert(typeOid, `a known type: ${typeName}`);
  const isC = collation === '"C"';
  return {
    name: quoted.replaceAll('"', ""),
    typeOid,
    typeModifier:
      length === null
        ? -1
        : (length[2] === undefined ? 0 : Number(length[1]) * 65536) + Number(length[2] ?? length[1]) + 4,
    typeName,
    bytewise: typeOid !== oid.bpchar && (!collatable.includes(typeOid) || (collation === undefined ? bytewise : isC)),
    collation: collation === undefined ? undefined : `pg_catalog.${collation}`,
    notNull: notNull !== undefined,
    defaultVolatility: undefined,
    identity: false,
    generated: false,
  } as Column;
}

function functionOf(line: string): UserFunction {
  const match = /^function ([\w.]+)\((\w+), (\w+)(?:, (\w+))?\) as (.*)$/.exec(line);
  assert(match, `a function: ${line}`);
  const [, name = "", volatility = "", language = "", kind = "function", body = ""] = match;
  return {
    schema: "public",
    name,
    kind: kind as UserFunction["kind"],
    volatility: volatility as UserFunction["volatility"],
    language,
    body,
  };
}
