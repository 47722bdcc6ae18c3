// The target of an INSERT: which column each value goes to, and which columns are left to their defaults.
import type { InsertStmt, Node, TypeName } from "@pgsql/types";
import type { Column, Distribution, Relation } from "../catalog/snapshot.ts";
import { shardKeyType } from "../sharding/shard-key-type.ts";
import { parse } from "../sql/parse.ts";
import { nodeOf } from "../sql/walk.ts";
import { changesWhenStored } from "./key-source.ts";
import type { StoredKey } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { isShardLocal, readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";
import { wordsIn } from "./touched-by-function.ts";

export type Distributed = Extract<Distribution, { kind: "distributed" }>;

/** The columns of the column list, or all of them; `checkInsertShape` has found them all to exist. */
export function targetColumns(relation: Relation, statement: InsertStmt): readonly Column[] {
  if (statement.cols === undefined) return relation.columns;
  return statement.cols.map((node) => columnNamed(relation, nodeOf(node, "ResTarget")?.name ?? ""));
}

/** Names of columns of which only a part is given: `a[1]`, `a.b`. */
export function partialColumns(statement: InsertStmt): readonly string[] {
  return (statement.cols ?? []).flatMap((node) => {
    const target = nodeOf(node, "ResTarget");
    return target?.indirection === undefined ? [] : [target.name ?? ""];
  });
}

export function storedKey(relation: Relation, distribution: Distributed): StoredKey {
  return {
    schema: relation.schema,
    relation: relation.name,
    columns: distribution.shardKey.map((name, index) => {
      const modifier = columnNamed(relation, name).typeModifier;
      const isLimited = distribution.types[index] === "text" && modifier >= 4;
      return { name, lengthMax: isLimited ? modifier - 4 : undefined };
    }),
  };
}

export function columnNamed(relation: Relation, name: string): Column {
  const column = relation.columns.find((each) => each.name === name);
  if (column === undefined) throw refuse("SG052", `column "${name}" of "${relation.name}" is not known`);
  return column;
}

/** The type of a column without length or precision: a cast to it changes nothing that storing would report. */
export function plainTypeName(column: Column): string {
  if (column.typeModifier < 0) return column.typeName;
  const array = column.typeName.endsWith("[]") ? "[]" : "";
  const name = column.typeName.slice(0, column.typeName.length - array.length);
  if (name.startsWith("interval")) return `interval${array}`;
  const plain = name.replace(/ ?\([^()]*\)/, "");
  if (plain === "character") return `bpchar${array}`;
  if (plain === "bit") return `"bit"${array}`;
  return plain + array;
}

/**
 * `expression` cast to the type of the column, without length or precision: those are left to the target, which reports what
 * does not fit. A number or a time of a shard key is rounded here, for it decides about the shard.
 */
export function castToColumn(expression: Node, column: Column, isKey: boolean): Node {
  const type = isKey ? shardKeyType(column.typeOid) : undefined;
  const isRounded = type !== undefined && changesWhenStored(column, type);
  return { TypeCast: { arg: expression, typeName: typeNode(isRounded ? column.typeName : plainTypeName(column)) } };
}

/** The default of a column as an expression; NULL when it has none. */
export function defaultExpression(relation: Relation, column: Column): Node {
  if (column.defaultVolatility === undefined) return { A_Const: { isnull: true } };
  if (column.defaultSql === undefined) {
    throw refuse("SG052", `the default of column "${column.name}" of "${relation.name}" is not known`);
  }
  return parseExpression(column.defaultSql);
}

/** Whether a shard may compute the default: its own functions could read tables that are elsewhere. */
export function isLocalDefault(input: PlanInput, column: Column): boolean {
  const { defaultSql } = column;
  const { userFunctions } = input.catalog;
  if (defaultSql === undefined || userFunctions.size === 0 || column.defaultVolatility === "immutable") return true;
  const isPlain = ![...wordsIn(defaultSql)].some((word) => userFunctions.has(word));
  return isPlain || isShardLocal(readsOf(input, parseExpression(defaultSql)));
}

function typeNode(name: string): TypeName {
  const cast = nodeOf(parseExpression(`NULL::${name}`), "TypeCast");
  if (cast?.typeName === undefined) throw refuse("SG052", `type ${name} is not understood`);
  return cast.typeName;
}

function parseExpression(sql: string): Node {
  const tree = parse(`SELECT ${sql}`)[0]?.tree;
  const value = nodeOf(nodeOf(tree, "SelectStmt")?.targetList?.[0], "ResTarget")?.val;
  if (value === undefined) throw refuse("SG052", `expression ${sql} is not understood`);
  return value;
}
