// INSERT whose rows come from a query that runs first: INSERT .. SELECT, and VALUES that only PostgreSQL can evaluate. The
// query's columns are cast to the types of the columns they go to; that PostgreSQL would do so by itself is checked by having
// it parse the client's own statement (`checkSql`).
import type { InsertStmt, Node, SelectStmt, WithClause } from "@pgsql/types";
import type { Column, Relation } from "../catalog/snapshot.ts";
import { quoteIdentifier, quoteQualified } from "../sql/names.ts";
import { nodeOf } from "../sql/walk.ts";
import { functionDemands } from "./functions.ts";
import {
  castToColumn,
  type Distributed,
  defaultExpression,
  isLocalDefault,
  partialColumns,
  plainTypeName,
  storedKey,
  targetColumns,
} from "./insert-target.ts";
import { nullShardKey } from "./null-shard-key.ts";
import { outputCount } from "./output-count.ts";
import type { InsertSelectPlan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planSource, sqlOf } from "./plan-rows.ts";
import { refuse } from "./refuse.ts";

export type Into =
  | { readonly kind: "distributed"; readonly distribution: Distributed }
  | { readonly kind: "reference" }
  | { readonly kind: "home" };

/** Where a column's values come from: a place in the source, its default, or one expression per row. */
interface Filled {
  readonly column: Column;
  readonly values: readonly Node[];
}

/** VALUES, and DEFAULT VALUES as one empty row. */
export function insertRows(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  into: Into,
  rows: readonly (readonly Node[])[],
): InsertSelectPlan {
  const given = targetColumns(relation, statement);
  const length = rows[0]?.length ?? 0;
  const ignoresIdentity = statement.override === "OVERRIDING_USER_VALUE";
  const filled: Filled[] = [];
  for (const column of relation.columns) {
    const position = given.indexOf(column);
    const isGiven = position >= 0 && position < length && !(ignoresIdentity && column.identity);
    const values = rows.map((row) => (isGiven ? row[position]! : defaultMark));
    if (column.generated || (mayOmit(input, into, column) && values.every(isDefault))) continue;
    if (isKey(into, column)) checkNotNull(relation, column, values);
    filled.push({
      column,
      values: values.map((value) =>
        castToColumn(isDefault(value) ? defaultExpression(relation, column) : value, column, isKey(into, column)),
      ),
    });
  }
  const valuesLists = rows.map((_, row) => ({ List: { items: filled.map(({ values }) => values[row]!) } }));
  const query = select({ valuesLists }, statement.withClause);
  return insertPlan(
    input,
    statement,
    relation,
    into,
    filled.map(({ column }) => column),
    query,
  );
}

export function insertSelected(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  into: Into,
): InsertSelectPlan {
  const source = nodeOf(statement.selectStmt, "SelectStmt");
  if (source === undefined) throw refuse("SG052", "its source is not a query");
  const all = targetColumns(relation, statement);
  const count = statement.cols === undefined ? outputCount(input, source, statement.withClause) : all.length;
  if (count === undefined) throw refuse("SG052", "the number of columns of the query is not known");
  const given = all.slice(0, count);
  const ignoresIdentity = statement.override === "OVERRIDING_USER_VALUE";
  const columns: Column[] = [];
  const values: Node[] = [];
  for (const column of relation.columns) {
    const position = given.indexOf(column);
    const isGiven = position >= 0 && !(ignoresIdentity && column.identity);
    if (!isGiven && (column.generated || mayOmit(input, into, column))) continue;
    if (!isGiven && isKey(into, column)) checkNotNull(relation, column, [defaultMark]);
    const value = isGiven ? sourceColumn(position) : defaultExpression(relation, column);
    columns.push(column);
    values.push(castToColumn(value, column, isKey(into, column)));
  }
  const targetList = values.map((val, index) => ({ ResTarget: { name: sourceName(index), val } }));
  const alias = { aliasname: "shardgres_source", colnames: given.map((_, index) => string(sourceName(index))) };
  const fromClause = [{ RangeSubselect: { subquery: { SelectStmt: source }, alias } }];
  const query = select({ targetList, fromClause }, statement.withClause);
  return insertPlan(input, statement, relation, into, columns, query);
}

/** The catalog does not know its columns: the source's own types are assigned to them. */
export function insertIntoTemporary(input: PlanInput, statement: InsertStmt): InsertSelectPlan {
  const source = nodeOf(statement.selectStmt, "SelectStmt");
  const isDefaulted = source?.valuesLists?.some((row) => nodeOf(row, "List")?.items?.some(isDefault)) ?? false;
  const isPlain = partialColumns(statement).length === 0 && statement.override === "OVERRIDING_NOT_SET";
  if (source === undefined || isDefaulted || !isPlain) throw refuse("SG052", "its target is a temporary table");
  const all = { ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }] } } } };
  const subquery = { RangeSubselect: { subquery: { SelectStmt: source }, alias: { aliasname: "shardgres_source" } } };
  const hasBoth = statement.withClause !== undefined && source.withClause !== undefined;
  const query = hasBoth
    ? select({ targetList: [all], fromClause: [subquery] }, statement.withClause)
    : select(source, statement.withClause ?? source.withClause);
  const columns = (statement.cols ?? []).map((node) => quoteIdentifier(nodeOf(node, "ResTarget")?.name ?? ""));
  const { relname = "", alias } = statement.relation ?? {};
  const named = alias?.aliasname === undefined ? "" : ` AS ${quoteIdentifier(alias.aliasname)}`;
  return {
    kind: "insert-select",
    source: planSource(input, query),
    into: "home",
    types: [],
    keyColumns: [],
    head: `INSERT INTO ${quoteQualified("pg_temp", relname)}${named} ${columns.length === 0 ? "" : `(${columns.join(", ")}) `}`,
    tail: tailOf(statement, { kind: "home" }),
    columnTypes: [],
    checkSql: input.statement.text,
  };
}

function insertPlan(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  into: Into,
  columns: readonly Column[],
  query: Node,
): InsertSelectPlan {
  if (partialColumns(statement).length > 0) throw refuse("SG052", "only a part of a column is given");
  if (columns.length === 0) throw refuse("SG052", "it gives no column a value");
  const source = planSource(input, query);
  if (source.kind !== "single-shard" && source.kind !== "scatter" && source.kind !== "gather") {
    throw refuse("SG052", "its source is not a query");
  }
  const shardKey = into.kind === "distributed" ? into.distribution.shardKey : [];
  const names = columns.map(({ name }) => name);
  const hasIdentity = columns.some(({ identity }) => identity);
  return {
    kind: "insert-select",
    source,
    into: into.kind,
    types: into.kind === "distributed" ? into.distribution.types : [],
    ...(into.kind === "distributed" ? { stored: storedKey(relation, into.distribution) } : {}),
    keyColumns: shardKey.map((name) => names.indexOf(name)),
    head: headOf(statement, relation, names, hasIdentity),
    tail: tailOf(statement, into),
    columnTypes: columns.map(plainTypeName),
    checkSql: input.statement.text,
  };
}

function headOf(statement: InsertStmt, relation: Relation, columns: readonly string[], hasIdentity: boolean): string {
  const alias = statement.relation?.alias?.aliasname;
  const target =
    quoteQualified(relation.schema, relation.name) + (alias === undefined ? "" : ` AS ${quoteIdentifier(alias)}`);
  // PostgreSQL has agreed to the client's own statement, so this only lets computed values of GENERATED ALWAYS through.
  const overriding = hasIdentity ? "OVERRIDING SYSTEM VALUE " : "";
  return `INSERT INTO ${target} (${columns.map(quoteIdentifier).join(", ")}) ${overriding}`;
}

/** ON CONFLICT and RETURNING, with a blank in front. */
function tailOf(statement: InsertStmt, into: Into): string {
  const { onConflictClause, returningClause } = statement;
  if (onConflictClause === undefined && returningClause === undefined) return "";
  const clauses: InsertStmt = {
    ...(onConflictClause === undefined ? {} : { onConflictClause }),
    ...(returningClause === undefined ? {} : { returningClause }),
  };
  if (into.kind !== "home") {
    const [name] = functionDemands({ InsertStmt: clauses }, true).home;
    if (name !== undefined) throw refuse("SG074", `${name}()`);
  }
  const bare: InsertStmt = {
    relation: { relname: "t", inh: true, relpersistence: "p" },
    override: "OVERRIDING_NOT_SET",
  };
  const prefix = sqlOf({ InsertStmt: bare });
  const text = sqlOf({ InsertStmt: { ...bare, ...clauses } });
  if (!text.startsWith(prefix)) throw refuse("SG052", "its ON CONFLICT or RETURNING cannot be rewritten");
  return text.slice(prefix.length);
}

const defaultMark: Node = { SetToDefault: {} };

function isDefault(node: Node): boolean {
  return nodeOf(node, "SetToDefault") !== undefined;
}

function isKey(into: Into, column: Column): boolean {
  return into.kind === "distributed" && into.distribution.shardKey.includes(column.name);
}

/** Whether every shard that gets a row may compute the column's default by itself. */
function mayOmit(input: PlanInput, into: Into, column: Column): boolean {
  if (into.kind === "reference") return (column.defaultVolatility ?? "immutable") === "immutable";
  return !isKey(into, column) && (into.kind === "home" || isLocalDefault(input, column));
}

function checkNotNull(relation: Relation, column: Column, values: readonly Node[]): void {
  const hasNull = values.some(
    (value) =>
      nodeOf(value, "A_Const")?.isnull === true || (isDefault(value) && column.defaultVolatility === undefined),
  );
  if (hasNull) throw nullShardKey({ schema: relation.schema, relation: relation.name }, column.name);
}

function select(clauses: Partial<SelectStmt>, withClause: WithClause | undefined): Node {
  return {
    SelectStmt: {
      limitOption: "LIMIT_OPTION_DEFAULT",
      op: "SETOP_NONE",
      ...clauses,
      ...(withClause === undefined ? {} : { withClause }),
    },
  };
}

function sourceName(index: number): string {
  return `c${index + 1}`;
}

function sourceColumn(index: number): Node {
  return { ColumnRef: { fields: [string("shardgres_source"), string(sourceName(index))] } };
}

function string(sval: string): Node {
  return { String: { sval } };
}
