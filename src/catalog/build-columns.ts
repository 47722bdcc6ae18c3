// Puts the columns of all relations together from the lists that a shard answered: one object per column.
import { assert } from "../base/assert.ts";
import { oid } from "../pgwire/oid.ts";
import type { CatalogDocument, ColumnsRow, TypeRow } from "./catalog-sql.ts";
import type { Column, Volatility } from "./snapshot.ts";
import { expressionVolatility } from "./volatility.ts";

type Default = Pick<Column, "defaultSql" | "defaultVolatility">;

const noDefault: Default = { defaultSql: undefined, defaultVolatility: undefined };

const notNullFlag = 1;
const identityFlag = 2;
const generatedFlag = 4;

/** Relation -> column number -> column, in order. `ancestors` gives a relation's own oid, then its parents' upwards. */
export function buildColumns(
  document: CatalogDocument,
  ancestors: (relation: number) => readonly number[],
  functionVolatility: (oid: number) => Volatility | undefined,
): ReadonlyMap<number, ReadonlyMap<number, Column>> {
  const types = new Map(
    document.types.map((row) => [typeKey(row[0], row[1], row[2]), buildType(row, functionVolatility)]),
  );
  const unproven = new Set(document.unprovenNotNull.map(([relation, number]) => columnKey(relation, number)));
  const identities = new Map(
    document.identities.map(([relation, number, sequence]) => [columnKey(relation, number), sequence]),
  );
  const defaults = new Map<string, Default>();
  for (const [sql, tree, relations, numbers] of document.defaults) {
    const shared = defaultOf(sql, tree, functionVolatility);
    for (const [index, relation] of relations.entries()) defaults.set(columnKey(relation, numbers[index]), shared);
  }
  const rows = new Map(document.columns.map((row) => [row[0], row]));

  /** An identity column of a partition draws from the sequence of the partitioned table. */
  function identityDefault(relation: number, name: string): Default {
    for (const ancestor of ancestors(relation)) {
      const row = rows.get(ancestor);
      const number = row?.[1][row[2].indexOf(name)];
      const sequence = number === undefined ? undefined : identities.get(columnKey(ancestor, number));
      if (sequence === undefined) continue;
      return { defaultSql: `nextval('${sequence.replaceAll("'", "''")}'::regclass)`, defaultVolatility: "volatile" };
    }
    return { defaultSql: undefined, defaultVolatility: "volatile" };
  }

  function buildColumn(row: ColumnsRow, index: number): Column {
    const [relation, numbers, names, typeOids, typeModifiers, collations, flags] = row;
    const type = types.get(typeKey(typeOids[index], typeModifiers[index], collations[index]));
    const name = names[index];
    assert(type !== undefined && name !== undefined, "a column has a name and a type");
    const key = columnKey(relation, numbers[index]);
    const flag = flags[index] ?? 0;
    const identity = (flag & identityFlag) !== 0;
    const generated = (flag & generatedFlag) !== 0;
    const value = generated ? noDefault : identity ? identityDefault(relation, name) : (defaults.get(key) ?? type);
    return {
      name,
      typeOid: type.typeOid,
      typeModifier: type.typeModifier,
      typeName: type.typeName,
      bytewise: type.bytewise,
      collation: type.collation,
      notNull: (flag & notNullFlag) !== 0 && !unproven.has(key),
      defaultVolatility: value.defaultVolatility,
      defaultSql: value.defaultSql,
      identity,
      generated,
    };
  }

  return new Map(
    document.columns.map((row) => [row[0], new Map(row[1].map((number, index) => [number, buildColumn(row, index)]))]),
  );
}

function buildType(row: TypeRow, functionVolatility: (oid: number) => Volatility | undefined) {
  const [typeOid, typeModifier, , typeName, bytewise, collation, sql, tree] = row;
  const domainDefault = sql === null || tree === null ? noDefault : defaultOf(sql, tree, functionVolatility);
  return { typeOid, typeModifier, typeName, bytewise, collation: collation ?? undefined, ...domainDefault };
}

function defaultOf(sql: string, tree: string, functionVolatility: (oid: number) => Volatility | undefined): Default {
  return { defaultSql: sql, defaultVolatility: expressionVolatility(tree, functionVolatility) };
}

function typeKey(type: number | undefined, modifier: number | undefined, collation: number | undefined): string {
  return `${type} ${modifier} ${collation}`;
}

function columnKey(relation: number, number: number | undefined): string {
  return `${relation} ${number}`;
}

/** Every sequence is a relation with these columns (sequence.c). */
export const sequenceColumns: readonly Column[] = (
  [
    ["last_value", oid.int8, "bigint"],
    ["log_cnt", oid.int8, "bigint"],
    ["is_called", oid.bool, "boolean"],
  ] as const
).map(([name, typeOid, typeName]) => ({
  name,
  typeOid,
  typeModifier: -1,
  typeName,
  bytewise: true,
  collation: undefined,
  notNull: true,
  defaultVolatility: undefined,
  defaultSql: undefined,
  identity: false,
  generated: false,
}));
