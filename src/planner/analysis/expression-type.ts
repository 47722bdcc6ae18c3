// The type of an expression, where it is plain to see; undefined otherwise.
import type { Node } from "@pgsql/types";
import { oid } from "../../pgwire/oid.ts";
import { nodeOf } from "../../sql/walk.ts";
import { type Resolved, variableOf } from "./facts.ts";
import { typeOidOf } from "./type-name.ts";

const integers: readonly number[] = [oid.int2, oid.int4, oid.int8];

export function expressionType(context: Resolved, node: Node | undefined): number | undefined {
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) return variableOf(context, node)?.typeOid;
  if ("TypeCast" in node) return typeOidOf(node.TypeCast.typeName);
  if ("A_Const" in node) return constantType(node);
  if ("CollateClause" in node) return expressionType(context, node.CollateClause.arg);
  if ("FuncCall" in node) return callType(node);
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_OP") {
    const operator = nodeOf(node.A_Expr.name?.[0], "String")?.sval ?? "";
    if (node.A_Expr.name?.length !== 1 || !["+", "-", "*", "/", "%"].includes(operator)) return undefined;
    const right = expressionType(context, node.A_Expr.rexpr);
    if (node.A_Expr.lexpr === undefined) return isNumber(right) ? right : undefined;
    return arithmeticType(expressionType(context, node.A_Expr.lexpr), right, operator);
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

function callType(node: Node): number | undefined {
  const call = nodeOf(node, "FuncCall");
  const name = nodeOf(call?.funcname?.at(-1), "String")?.sval;
  return name === "count" ? oid.int8 : undefined;
}

function isNumber(type: number | undefined): boolean {
  return (
    type !== undefined &&
    (integers.includes(type) || type === oid.numeric || type === oid.float8 || type === oid.float4)
  );
}

/** As PostgreSQL's operators for numbers: the larger integer; numeric over integers; float8 over all. */
function arithmeticType(left: number | undefined, right: number | undefined, operator: string): number | undefined {
  if (left === undefined || right === undefined || !isNumber(left) || !isNumber(right)) return undefined;
  if (integers.includes(left) && integers.includes(right))
    return integers[Math.max(integers.indexOf(left), integers.indexOf(right))];
  if (left === oid.float4 && right === oid.float4) return operator === "%" ? undefined : oid.float4;
  const isFloat = [left, right].some((type) => type === oid.float8 || type === oid.float4);
  if (isFloat) return operator === "%" ? undefined : oid.float8;
  return oid.numeric;
}
