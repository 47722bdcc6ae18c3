// The name that PostgreSQL gives to a column of a select list without AS: FigureColnameInternal of parse_target.c.
import type { FuncCall, Node, SelectStmt, SubLink, TypeName } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";

interface Figured {
  readonly name: string;
  /** 0: none found, 1: a cast or CASE, which gives way to a name found outside of it, 2: certain. */
  readonly strength: 0 | 1 | 2;
}

const none: Figured = { name: "?column?", strength: 0 };

export function figureColumnName(node: Node | undefined): string {
  return figure(node).name;
}

/** Nodes whose column is always named the same. */
const fixedNames: Readonly<Record<string, string>> = {
  GroupingFunc: "grouping",
  MergeSupportFunc: "merge_action",
  A_ArrayExpr: "array",
  RowExpr: "row",
  CoalesceExpr: "coalesce",
  XmlSerialize: "xmlserialize",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonArrayQueryConstructor: "json_array",
  JsonObjectAgg: "json_objectagg",
  JsonArrayAgg: "json_arrayagg",
};

function figure(node: Node | undefined): Figured {
  if (node === undefined) return none;
  if ("ColumnRef" in node) return lastName(node.ColumnRef.fields);
  if ("A_Indirection" in node) {
    const field = lastName(node.A_Indirection.indirection);
    return field.strength > 0 ? field : figure(node.A_Indirection.arg);
  }
  if ("FuncCall" in node) return ofCall(node.FuncCall);
  if ("A_Expr" in node) return node.A_Expr.kind === "AEXPR_NULLIF" ? certain("nullif") : none;
  if ("TypeCast" in node) return ofCast(node.TypeCast.arg, node.TypeCast.typeName);
  if ("CollateClause" in node) return figure(node.CollateClause.arg);
  if ("SubLink" in node) return ofSublink(node.SubLink);
  if ("CaseExpr" in node) {
    const fallback = figure(node.CaseExpr.defresult);
    return fallback.strength > 1 ? fallback : { name: "case", strength: 1 };
  }
  if ("MinMaxExpr" in node) return certain(node.MinMaxExpr.op === "IS_LEAST" ? "least" : "greatest");
  if ("SQLValueFunction" in node) {
    return certain((node.SQLValueFunction.op ?? "").replace("SVFOP_", "").replace(/_N$/, "").toLowerCase());
  }
  if ("XmlExpr" in node) {
    const operation = (node.XmlExpr.op ?? "").replace("IS_", "").toLowerCase();
    return operation === "document" ? none : certain(operation);
  }
  if ("JsonFuncExpr" in node) {
    return certain((node.JsonFuncExpr.op ?? "").replace("_OP", "").toLowerCase());
  }
  for (const type in node) {
    const name = fixedNames[type];
    if (name !== undefined) return certain(name);
  }
  return none;
}

function certain(name: string): Figured {
  return { name, strength: 2 };
}

function lastName(fields: readonly Node[] | undefined): Figured {
  for (const field of [...(fields ?? [])].reverse()) {
    const name = nodeOf(field, "String")?.sval;
    if (name !== undefined) return certain(name);
  }
  return none;
}

function ofCall(call: FuncCall): Figured {
  return lastName(call.funcname);
}

function ofCast(argument: Node | undefined, type: TypeName | undefined): Figured {
  const inner = figure(argument);
  if (inner.strength > 1) return inner;
  const name = lastName(type?.names);
  return name.strength > 0 ? { name: name.name, strength: 1 } : inner;
}

function ofSublink({ subLinkType, subselect }: SubLink): Figured {
  if (subLinkType === "EXISTS_SUBLINK") return certain("exists");
  if (subLinkType === "ARRAY_SUBLINK") return certain("array");
  if (subLinkType !== "EXPR_SUBLINK") return none;
  return firstOutput(nodeOf(subselect, "SelectStmt"));
}

function firstOutput(select: SelectStmt | undefined): Figured {
  let first = select;
  while (first?.larg !== undefined && first.op !== "SETOP_NONE") first = first.larg;
  if (first?.valuesLists !== undefined) return certain("column1");
  const target = nodeOf(first?.targetList?.[0], "ResTarget");
  if (target === undefined) return none;
  return certain(target.name ?? figure(target.val).name);
}
