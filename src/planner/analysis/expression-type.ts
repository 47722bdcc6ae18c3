// The type of an expression, where it is plain to see; undefined otherwise.
import type { A_Expr, FuncCall, Node } from "@pgsql/types";
import { oid } from "../../pgwire/oid.ts";
import { nodeOf } from "../../sql/walk.ts";
import { type Resolved, variableOf } from "./facts.ts";
import { typeOidOf } from "./type-name.ts";

const integers: readonly number[] = [oid.int2, oid.int4, oid.int8];
const texts: readonly number[] = [oid.text, oid.varchar, oid.bpchar];

export function expressionType(context: Resolved, node: Node | undefined): number | undefined {
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) return variableOf(context, node)?.typeOid;
  if ("TypeCast" in node) return typeOidOf(node.TypeCast.typeName);
  if ("A_Const" in node) return constantType(node);
  if ("CollateClause" in node) return expressionType(context, node.CollateClause.arg);
  if ("FuncCall" in node) return callType(context, node.FuncCall);
  if ("A_Expr" in node) return operatorType(context, node.A_Expr);
  if ("BoolExpr" in node || "NullTest" in node || "BooleanTest" in node) return oid.bool;
  if ("CoalesceExpr" in node) return commonType(context, node.CoalesceExpr.args);
  if ("MinMaxExpr" in node) return commonType(context, node.MinMaxExpr.args);
  if ("CaseExpr" in node) {
    const results = (node.CaseExpr.args ?? []).flatMap((each) => nodeOf(each, "CaseWhen")?.result ?? []);
    const { defresult } = node.CaseExpr;
    return commonType(context, defresult === undefined ? results : [...results, defresult]);
  }
  return undefined;
}

function constantType(node: Node): number | undefined {
  const constant = nodeOf(node, "A_Const");
  if (constant?.ival !== undefined) return oid.int4;
  if (constant?.boolval !== undefined) return oid.bool;
  const digits = constant?.fval?.fval;
  if (digits === undefined) return undefined;
  const isInteger = /^-?\d+$/.test(digits);
  return isInteger && BigInt.asIntN(64, BigInt(digits)) === BigInt(digits) ? oid.int8 : oid.numeric;
}

/** If all are of one type. A literal of no type of its own takes that of the others. */
function commonType(context: Resolved, nodes: readonly Node[] | undefined): number | undefined {
  const types = (nodes ?? []).filter((node) => !isUntyped(node)).map((node) => expressionType(context, node));
  return types.every((type) => type === types[0]) ? types[0] : undefined;
}

function isUntyped(node: Node): boolean {
  const constant = nodeOf(node, "A_Const");
  return constant !== undefined && (constant.sval !== undefined || constant.isnull === true);
}

function callType(context: Resolved, call: FuncCall): number | undefined {
  const names = (call.funcname ?? []).map((name) => nodeOf(name, "String")?.sval);
  const name = names.at(-1) ?? "";
  if (names.length > 1 && names[0] !== "pg_catalog") return undefined;
  const argument = expressionType(context, call.args?.[0]);
  switch (name) {
    case "count":
    case "row_number":
    case "rank":
    case "dense_rank":
      return oid.int8;
    case "sum":
      return argument === oid.int2 || argument === oid.int4
        ? oid.int8
        : argument === oid.int8
          ? oid.numeric
          : numberType(argument);
    case "avg":
      return argument === oid.float4 || argument === oid.float8 ? oid.float8 : numberType(argument) && oid.numeric;
    case "min":
    case "max":
      return argument === oid.varchar ? oid.text : argument;
    case "lower":
    case "upper":
    case "initcap":
    case "btrim":
    case "ltrim":
    case "rtrim":
    case "substr":
    case "substring":
    case "replace":
      return argument !== undefined && texts.includes(argument) ? oid.text : undefined;
    case "length":
    case "char_length":
      return argument !== undefined && texts.includes(argument) ? oid.int4 : undefined;
    case "abs":
      return numberType(argument);
    case "extract":
      return oid.numeric;
    case "now":
      return oid.timestamptz;
    case "date_trunc": {
      const truncated = expressionType(context, call.args?.[1]);
      return truncated === oid.timestamp || truncated === oid.timestamptz ? truncated : undefined;
    }
    default:
      return undefined;
  }
}

function numberType(type: number | undefined): number | undefined {
  return isNumber(type) ? type : undefined;
}

function isNumber(type: number | undefined): boolean {
  if (type === undefined) return false;
  return integers.includes(type) || type === oid.numeric || type === oid.float8 || type === oid.float4;
}

const comparisons: readonly string[] = ["=", "<>", "<", ">", "<=", ">="];

function operatorType(context: Resolved, { kind, name, lexpr, rexpr }: A_Expr): number | undefined {
  if (kind === "AEXPR_NULLIF") return expressionType(context, lexpr);
  if (kind !== "AEXPR_OP") return kind === "AEXPR_IN" || kind === "AEXPR_LIKE" ? oid.bool : undefined;
  const operator = nodeOf(name?.[0], "String")?.sval ?? "";
  if (name?.length !== 1) return undefined;
  if (comparisons.includes(operator)) return oid.bool;
  if (!["+", "-", "*", "/", "%"].includes(operator)) return undefined;
  const right = expressionType(context, rexpr);
  if (lexpr === undefined) return numberType(right);
  return arithmeticType(expressionType(context, lexpr), right, operator);
}

/** As PostgreSQL's operators for numbers: the larger integer; numeric over integers; float8 over all. */
function arithmeticType(left: number | undefined, right: number | undefined, operator: string): number | undefined {
  if (left === undefined || right === undefined || !isNumber(left) || !isNumber(right)) return undefined;
  if (integers.includes(left) && integers.includes(right)) {
    return integers[Math.max(integers.indexOf(left), integers.indexOf(right))];
  }
  if (left === oid.float4 && right === oid.float4) return operator === "%" ? undefined : oid.float4;
  const isFloat = [left, right].some((type) => type === oid.float8 || type === oid.float4);
  if (isFloat) return operator === "%" ? undefined : oid.float8;
  return oid.numeric;
}
