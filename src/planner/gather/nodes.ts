// Small pieces of tree that the planner itself writes.
import type { Node, RangeVar, SelectStmt } from "@pgsql/types";

export function column(...names: readonly string[]): Node {
  return { ColumnRef: { fields: names.map((sval) => ({ String: { sval } })) } };
}

export function call(name: string, ...args: readonly Node[]): Node {
  return {
    FuncCall: {
      funcname: [{ String: { sval: "pg_catalog" } }, { String: { sval: name } }],
      args: [...args],
      funcformat: "COERCE_EXPLICIT_CALL",
    },
  };
}

export function cast(arg: Node, type: string): Node {
  const names = [{ String: { sval: "pg_catalog" } }, { String: { sval: type } }];
  return { TypeCast: { arg, typeName: { names, typemod: -1 } } };
}

export function integer(value: number): Node {
  return { A_Const: { ival: { ival: value } } };
}

export function target(val: Node, name?: string): Node {
  return { ResTarget: name === undefined ? { val } : { name, val } };
}

/** A plain SELECT with these clauses. */
export function select(clauses: SelectStmt): SelectStmt {
  return { limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE", ...clauses };
}

export function rangeVar(relname: string, more: Partial<RangeVar> = {}): Node {
  return { RangeVar: { relname, inh: true, relpersistence: "p", ...more } };
}

export function rangeSubselect(subquery: SelectStmt, aliasname: string, colnames: readonly string[] = []): Node {
  const alias = {
    aliasname,
    ...(colnames.length === 0 ? {} : { colnames: colnames.map((sval) => ({ String: { sval } })) }),
  };
  return { RangeSubselect: { subquery: { SelectStmt: subquery }, alias } };
}

/** `condition AND condition ..`; undefined for none. */
export function conjunction(conditions: readonly Node[]): Node | undefined {
  const [first] = conditions;
  return conditions.length < 2 ? first : { BoolExpr: { boolop: "AND_EXPR", args: [...conditions] } };
}
