// Small catalogs, written by hand, for tests of the rules.
import type { CatalogSnapshot, Column, Distribution, Relation, UserFunction } from "../../../src/catalog/snapshot.ts";
import { oid } from "../../../src/pgwire/oid.ts";

export function column(name: string, changes: Partial<Column> = {}): Column {
  return {
    name,
    typeOid: oid.int8,
    typeModifier: -1,
    typeName: "bigint",
    bytewise: true,
    notNull: false,
    defaultVolatility: undefined,
    identity: false,
    generated: false,
    ...changes,
  };
}

let oids = 20_000;

/** `name` may carry its schema: "sales.orders". */
export function relation(name: string, distribution: Distribution, changes: Partial<Relation> = {}): Relation {
  const [schema, own] = name.includes(".") ? name.split(".") : ["public", name];
  return {
    oid: oids++,
    schema: schema ?? "",
    name: own ?? "",
    kind: "table",
    columns: [column("id"), column("tenant")],
    distribution,
    parent: undefined,
    definition: undefined,
    hasTriggers: (changes.triggerFunctions ?? []).length > 0,
    triggerFunctions: [],
    hasRules: false,
    ...changes,
  };
}

export const unsharded: Distribution = { kind: "unsharded" };
export const reference: Distribution = { kind: "reference" };

export function distributed(colocationGroup: number, ...shardKey: string[]): Distribution {
  return { kind: "distributed", shardKey, types: shardKey.map(() => "integer"), colocationGroup };
}

export function userFunction(name: string, body: string, changes: Partial<UserFunction> = {}): UserFunction {
  return { schema: "public", name, kind: "function", volatility: "volatile", language: "plpgsql", body, ...changes };
}

export function catalog(relations: readonly Relation[], functions: readonly UserFunction[] = []): CatalogSnapshot {
  const bySchema = Map.groupBy(relations, ({ schema }) => schema);
  return {
    database: "test",
    version: 1,
    relations: new Map(
      [...bySchema].map(([schema, members]) => [schema, new Map(members.map((member) => [member.name, member]))]),
    ),
    relationsByOid: new Map(relations.map((member) => [member.oid, member])),
    systemRelations: new Set(["pg_class"]),
    informationSchemaRelations: new Set(["tables"]),
    userFunctions: Map.groupBy(functions, ({ name }) => name),
    volatileFunctions: new Set(["random", "nextval"]),
    stableFunctions: new Set(["now"]),
    aggregateFunctions: new Set(["count"]),
    setReturningFunctions: new Set(["generate_series"]),
    defaultCollationBytewise: true,
    arrayTypes: new Map(),
    hasShardedTables: relations.some(({ distribution }) => distribution.kind !== "unsharded"),
  };
}
