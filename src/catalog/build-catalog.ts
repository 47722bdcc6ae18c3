// Makes the snapshot of one database out of what a shard answered. Pure.
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { shardKeyType } from "../sharding/shard-key-type.ts";
import { buildColumns, sequenceColumns } from "./build-columns.ts";
import type { Builtins } from "./builtins.ts";
import type { CatalogDocument, DistributionRow, FunctionRow } from "./catalog-sql.ts";
import { pendingKeys } from "./pending-keys.ts";
import type { CatalogSnapshot, Column, Distribution, FunctionName, Relation, UserFunction } from "./snapshot.ts";
import { volatilityOf } from "./volatility.ts";

const relationKinds: Readonly<Record<string, Relation["kind"]>> = {
  r: "table",
  p: "partitioned-table",
  v: "view",
  m: "materialized-view",
  S: "sequence",
  f: "foreign-table",
};

const functionKinds: Readonly<Record<string, UserFunction["kind"]>> = {
  f: "function",
  p: "procedure",
  a: "aggregate",
  w: "window",
};

const unsharded: Distribution = { kind: "unsharded" };
const noColumns: ReadonlyMap<number, Column> = new Map();

/** `json` is the answer of `catalogSql`. Throws AppError "catalog-inconsistent" when a shard key lacks a column. */
export function buildCatalog(json: string, builtins: Builtins, version: number): CatalogSnapshot {
  const document = JSON.parse(json) as CatalogDocument;
  const ownVolatility = new Map(document.functions.map(([oid, , , , code]) => [oid, volatilityOf(code)]));
  const functionVolatility = (oid: number) => builtins.functionVolatility.get(oid) ?? ownVolatility.get(oid);
  const parents = new Map(document.relations.map((row) => [row[0], row[4]]));
  const ancestors = (oid: number) => ancestorsOf(oid, parents);
  const columns = buildColumns(document, ancestors, functionVolatility);
  const columnsOf = (oid: number) => columns.get(oid) ?? noColumns;
  const primaryKeys = new Map(document.primaryKeys);
  const distributions = new Map(document.distribution.map((row) => [row[0], distributionOf(row, columnsOf(row[0]))]));
  const triggers = collectTriggers(document, ancestors);
  const distributionAt = (oid: number): Distribution => {
    const distributed = ancestors(oid).find((ancestor) => distributions.has(ancestor));
    return (distributed === undefined ? undefined : distributions.get(distributed)) ?? unsharded;
  };
  const rows = new Map(document.relations.map((row) => [row[0], row]));
  const pending = pendingKeys(document.foreignKeys, {
    distributionOf: distributionAt,
    columnsOf,
    partitionedAncestors: (oid) => ancestors(oid).filter((each) => each === oid || rows.get(each)?.[3] === "p"),
    nameOf(oid) {
      const row = rows.get(oid);
      return row && { schema: row[1], name: row[2] };
    },
  });

  const relations = new Map<string, Map<string, Relation>>();
  const relationsByOid = new Map<number, Relation>();
  for (const [oid, schema, name, kindCode, parent, hasRules, definition] of document.relations) {
    const kind = relationKinds[kindCode];
    assert(kind, `a relation of kind ${kindCode}`);
    const ownColumns = columnsOf(oid);
    const triggerFunctions = triggers.get(oid) ?? [];
    const relation: Relation = {
      oid,
      schema,
      name,
      kind,
      columns: kind === "sequence" ? sequenceColumns : [...ownColumns.values()],
      distribution: distributionAt(oid),
      parent: parent ?? undefined,
      primaryKey: primaryKeys.get(oid)?.map((number) => columnName(oid, ownColumns, number)),
      definition: definition ?? undefined,
      pendingKey: pending.get(oid),
      hasTriggers: triggerFunctions.length > 0,
      triggerFunctions,
      hasRules,
    };
    relationsByOid.set(oid, relation);
    const inSchema = relations.get(schema) ?? new Map<string, Relation>();
    relations.set(schema, inSchema.set(name, relation));
  }
  return {
    database: document.database,
    version,
    relations,
    relationsByOid,
    systemRelations: builtins.systemRelations,
    informationSchemaRelations: builtins.informationSchemaRelations,
    userFunctions: groupFunctions(document.functions),
    volatileFunctions: builtins.volatileFunctions,
    stableFunctions: builtins.stableFunctions,
    aggregateFunctions: builtins.aggregateFunctions,
    setReturningFunctions: builtins.setReturningFunctions,
    defaultCollationBytewise: document.defaultCollationBytewise,
    arrayTypes: builtins.arrayTypes,
    hasShardedTables: distributions.size > 0,
    hasPendingKeys: pending.size > 0,
  };
}

/** The relation itself, then its parents upwards. */
function ancestorsOf(oid: number, parents: ReadonlyMap<number, number | null>): readonly number[] {
  const found: number[] = [];
  for (let at: number | null | undefined = oid; at != null; at = parents.get(at)) found.push(at);
  return found;
}

/** A trigger on a partition fires for statements on its parents too. */
function collectTriggers(
  document: CatalogDocument,
  ancestors: (oid: number) => readonly number[],
): ReadonlyMap<number, readonly FunctionName[]> {
  const collected = new Map<number, FunctionName[]>();
  for (const [oid, schema, name] of document.triggers) {
    for (const ancestor of ancestors(oid)) {
      const functions = collected.get(ancestor) ?? [];
      collected.set(ancestor, functions);
      if (!functions.some((known) => known.schema === schema && known.name === name)) functions.push({ schema, name });
    }
  }
  return collected;
}

function distributionOf(row: DistributionRow, columns: ReadonlyMap<number, Column>): Distribution {
  const [oid, kind, shardKey, colocationGroup] = row;
  if (kind === "reference") return { kind };
  if (shardKey === null || colocationGroup === null) throw inconsistent(oid);
  const types = shardKey.map((number) => shardKeyType(columns.get(number)?.typeOid ?? 0) ?? raise(inconsistent(oid)));
  return { kind, shardKey: shardKey.map((number) => columnName(oid, columns, number)), types, colocationGroup };
}

function columnName(relation: number, columns: ReadonlyMap<number, Column>, number: number): string {
  return columns.get(number)?.name ?? raise(inconsistent(relation));
}

function raise(error: AppError): never {
  throw error;
}

function inconsistent(oid: number): AppError {
  return new AppError("catalog-inconsistent", `the shard key of the table with oid ${oid} is not among its columns`, {
    hint: "Compare shardgres.tables on this shard with another shard.",
  });
}

function groupFunctions(rows: readonly FunctionRow[]): ReadonlyMap<string, readonly UserFunction[]> {
  const functions = new Map<string, UserFunction[]>();
  for (const [, schema, name, kind, volatility, language, body] of rows) {
    const overloads = functions.get(name) ?? [];
    overloads.push({
      schema,
      name,
      kind: functionKinds[kind] ?? "function",
      volatility: volatilityOf(volatility),
      language,
      body,
    });
    functions.set(name, overloads);
  }
  return functions;
}
