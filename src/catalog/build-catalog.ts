// Makes the snapshot of one database out of what a shard answered. Pure.
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { type ShardKeyType, shardKeyType } from "../sharding/shard-key-type.ts";
import type { Builtins } from "./builtins.ts";
import type { CatalogDocument, ColumnRow, DistributionRow, FunctionRow, RelationRow } from "./catalog-sql.ts";
import type {
  CatalogSnapshot,
  Column,
  Distribution,
  FunctionName,
  Relation,
  UserFunction,
  Volatility,
} from "./snapshot.ts";
import { expressionVolatility, volatilityOf } from "./volatility.ts";

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

/** `json` is the answer of `catalogSql`. Throws AppError "catalog-inconsistent" when a shard key lacks a column. */
export function buildCatalog(json: string, builtins: Builtins, version: number): CatalogSnapshot {
  const document = JSON.parse(json) as CatalogDocument;
  const ownVolatility = new Map(document.functions.map(([oid, , , , code]) => [oid, volatilityOf(code)]));
  const functionVolatility = (oid: number) => builtins.functionVolatility.get(oid) ?? ownVolatility.get(oid);
  const rows = new Map(document.relations.map((row) => [row[0], row]));
  const registered = new Map(document.distribution.map((row) => [row[0], distributionOf(row)]));
  const triggerFunctions = collectTriggers(document, rows);

  const relations = new Map<string, Map<string, Relation>>();
  const relationsByOid = new Map<number, Relation>();
  for (const row of document.relations) {
    const relation = buildRelation(row, rows, registered, triggerFunctions.get(row[0]) ?? [], functionVolatility);
    relationsByOid.set(relation.oid, relation);
    const schema = relations.get(relation.schema) ?? new Map<string, Relation>();
    relations.set(relation.schema, schema.set(relation.name, relation));
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
    hasShardedTables: registered.size > 0,
  };
}

function buildRelation(
  row: RelationRow,
  rows: ReadonlyMap<number, RelationRow>,
  registered: ReadonlyMap<number, Distribution>,
  triggerFunctions: readonly FunctionName[],
  functionVolatility: (oid: number) => Volatility | undefined,
): Relation {
  const [oid, schema, name, kind, parent, hasRules, definition, primaryKey, columns] = row;
  const relationKind = relationKinds[kind];
  assert(relationKind, `a relation of kind ${kind}`);
  return {
    oid,
    schema,
    name,
    kind: relationKind,
    columns: (columns ?? []).map((column) => buildColumn(column, row, rows, functionVolatility)),
    distribution:
      ancestors(row, rows).reduce<Distribution | undefined>(
        (found, ancestor) => found ?? registered.get(ancestor[0]),
        undefined,
      ) ?? unsharded,
    parent: parent ?? undefined,
    primaryKey: primaryKey ?? undefined,
    definition: definition ?? undefined,
    hasTriggers: triggerFunctions.length > 0,
    triggerFunctions,
    hasRules,
  };
}

function buildColumn(
  row: ColumnRow,
  relation: RelationRow,
  rows: ReadonlyMap<number, RelationRow>,
  functionVolatility: (oid: number) => Volatility | undefined,
): Column {
  const [name, typeOid, typeModifier, typeName, bytewise, collation, notNull, identity, generated, ownSql, tree] = row;
  const defaultSql = identity ? identityDefault(name, relation, rows) : ownSql;
  return {
    name,
    typeOid,
    typeModifier,
    typeName,
    bytewise,
    collation: collation ?? undefined,
    notNull,
    defaultVolatility: identity
      ? "volatile"
      : defaultSql === null
        ? undefined
        : tree === null
          ? "immutable"
          : expressionVolatility(tree, functionVolatility),
    defaultSql: defaultSql ?? undefined,
    identity,
    generated,
  };
}

/** The relation itself, then its parents upwards. */
function ancestors(row: RelationRow, rows: ReadonlyMap<number, RelationRow>): readonly RelationRow[] {
  const found: RelationRow[] = [];
  for (let at: RelationRow | undefined = row; at !== undefined; at = at[4] === null ? undefined : rows.get(at[4])) {
    found.push(at);
  }
  return found;
}

/** An identity column of a partition draws from the sequence of the partitioned table. */
function identityDefault(column: string, relation: RelationRow, rows: ReadonlyMap<number, RelationRow>): string | null {
  for (const [, , , , , , , , columns] of ancestors(relation, rows)) {
    const sql = columns?.find(([name]) => name === column)?.[9];
    if (sql != null) return sql;
  }
  return null;
}

/** A trigger on a partition fires for statements on its parents too. */
function collectTriggers(
  document: CatalogDocument,
  rows: ReadonlyMap<number, RelationRow>,
): ReadonlyMap<number, readonly FunctionName[]> {
  const collected = new Map<number, FunctionName[]>();
  for (const [oid, schema, name] of document.triggers) {
    const row = rows.get(oid);
    if (row === undefined) continue;
    for (const [ancestor] of ancestors(row, rows)) {
      const functions = collected.get(ancestor) ?? [];
      collected.set(ancestor, functions);
      if (!functions.some((known) => known.schema === schema && known.name === name)) functions.push({ schema, name });
    }
  }
  return collected;
}

function distributionOf([oid, kind, columns, typeOids, colocationGroup]: DistributionRow): Distribution {
  if (kind === "reference") return { kind };
  const shardKey: string[] = [];
  const types: ShardKeyType[] = [];
  for (const [index, name] of (columns ?? []).entries()) {
    const type = shardKeyType(typeOids?.[index] ?? 0);
    if (name === null || type === undefined) throw inconsistent(oid);
    shardKey.push(name);
    types.push(type);
  }
  if (shardKey.length === 0 || colocationGroup === null) throw inconsistent(oid);
  return { kind, shardKey, types, colocationGroup };
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
