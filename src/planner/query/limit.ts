// LIMIT and OFFSET of a query whose rows come from several shards: each shard is asked for all rows that may be among the
// wanted ones, and the merge cuts.
import type { Node } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { CountSource } from "../plan.ts";

/** undefined: none. "unknown": an expression that only PostgreSQL evaluates. */
export function limitSource(node: Node | undefined): CountSource | undefined | "unknown" {
  if (node === undefined) return undefined;
  const cast = nodeOf(node, "TypeCast");
  const value = cast === undefined ? node : cast.arg;
  const parameter = nodeOf(value, "ParamRef");
  if (parameter !== undefined && cast === undefined) return { kind: "parameter", number: parameter.number ?? 0 };
  const constant = nodeOf(value, "A_Const");
  if (constant?.isnull) return undefined;
  if (constant?.ival === undefined || cast !== undefined) return "unknown";
  const count = constant.ival.ival ?? 0;
  // PostgreSQL's own error.
  return count < 0 ? "unknown" : { kind: "constant", value: count };
}

/** The LIMIT for every shard. */
export function pushedLimit(limit: CountSource, offset: CountSource): Node {
  if (limit.kind === "constant" && offset.kind === "constant") {
    return integer(limit.value + offset.value);
  }
  const name = [{ String: { sval: "+" } }];
  return { A_Expr: { kind: "AEXPR_OP", name, lexpr: operand(limit), rexpr: operand(offset) } };
}

/** NULL plus something is NULL, which is no limit: more rows than needed, at worst. */
function operand(count: CountSource): Node {
  if (count.kind === "constant") return integer(count.value);
  return {
    TypeCast: {
      arg: { ParamRef: { number: count.number } },
      typeName: { names: [{ String: { sval: "pg_catalog" } }, { String: { sval: "int8" } }], typemod: -1 },
    },
  };
}

function integer(value: number): Node {
  return value <= 0x7fffffff ? { A_Const: { ival: { ival: value } } } : { A_Const: { fval: { fval: String(value) } } };
}
