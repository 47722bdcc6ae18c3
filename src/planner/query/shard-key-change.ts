// Whether UPDATE leaves the shard key as it is.
import type { Node, UpdateStmt } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { classesOf } from "../analysis/classes.ts";
import { variableOf } from "../analysis/facts.ts";
import type { Analysis, TableSource } from "../analysis/model.ts";

/** Of the target of an UPDATE: the first column of the shard key that may get another value; undefined: none. */
export function changedShardKey(analysis: Analysis, table: TableSource): string | undefined {
  return assignments(table).find(({ index, value }) => !isSameValue(analysis, table, index, value))?.name;
}

/** Whether the statement assigns to the shard key at all, perhaps the value that it has. */
export function setsShardKey(table: TableSource): boolean {
  return assignments(table).length > 0;
}

interface Assignment {
  readonly name: string;
  /** Of the column, in the shard key. */
  readonly index: number;
  readonly value: Node | undefined;
}

function assignments({ relation, level }: TableSource): Assignment[] {
  if (level.kind !== "update" || relation?.distribution.kind !== "distributed") return [];
  const { shardKey } = relation.distribution;
  return ((level.node as UpdateStmt).targetList ?? []).flatMap((node) => {
    const target = nodeOf(node, "ResTarget");
    const name = target?.name ?? "";
    const index = shardKey.indexOf(name);
    return index < 0 ? [] : [{ name, index, value: target?.val }];
  });
}

/** `SET k = k`, `SET k = 5 .. WHERE k = 5`, `SET k = $1 .. WHERE k = $1`. */
function isSameValue(analysis: Analysis, table: TableSource, index: number, value: Node | undefined): boolean {
  const key = table.keys[index]!;
  const classes = classesOf(table.region, "own");
  const variable = variableOf(analysis, value);
  if (variable !== undefined)
    return variable === key || (variable.typeOid === key.typeOid && classes.areEqual(variable, key));
  const wanted = value === undefined ? undefined : textOf(value);
  return (
    wanted !== undefined &&
    conditionsOf(table.level.node as UpdateStmt).some(([column, compared]) => {
      return variableOf(analysis, column) === key && textOf(compared) === wanted;
    })
  );
}

/** Conjuncts of WHERE of the form column = expression. */
function conditionsOf({ whereClause }: UpdateStmt): [Node, Node][] {
  const found: [Node, Node][] = [];
  const waiting = whereClause === undefined ? [] : [whereClause];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const bool = nodeOf(next, "BoolExpr");
    if (bool?.boolop === "AND_EXPR") waiting.push(...(bool.args ?? []));
    const { kind, name, lexpr, rexpr } = nodeOf(next, "A_Expr") ?? {};
    if (kind !== "AEXPR_OP" || name?.length !== 1 || nodeOf(name[0], "String")?.sval !== "=") continue;
    if (lexpr !== undefined && rexpr !== undefined) found.push([lexpr, rexpr], [rexpr, lexpr]);
  }
  return found;
}

/** A literal or parameter as text that is equal for equal values; undefined for other expressions. */
function textOf(node: Node): string | undefined {
  const parameter = nodeOf(node, "ParamRef");
  if (parameter !== undefined) return `$${parameter.number}`;
  const constant = nodeOf(node, "A_Const");
  if (constant === undefined || constant.isnull) return undefined;
  const { location: _, ...value } = constant;
  return JSON.stringify(value);
}
