// From an expression to where its value comes from, if the value is one that can be hashed: a literal, or a parameter, of
// the family of the column that it is compared with. Anything else is of no use for routing.
import type { A_Const, Node, ParamRef } from "@pgsql/types";
import { type ShardKeyType, shardKeyType } from "../../sharding/shard-key-type.ts";
import { literalAt } from "../../sql/literal-at.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { ValueSource } from "../plan.ts";
import type { Context } from "./context.ts";
import type { KeyValues } from "./region.ts";
import { elementFamily, plainElementTypeOid, plainTypeOid } from "./type-name.ts";

const INT8_MAX = 9223372036854775807n;

/** undefined: of no use. */
export function keyValue(context: Context, node: Node | undefined, family: ShardKeyType): ValueSource | undefined {
  if (context.input.ignoreKeys) return undefined;
  const cast = nodeOf(node, "TypeCast");
  if (cast !== undefined) {
    const castOid = plainTypeOid(cast.typeName);
    if (castOid === undefined || shardKeyType(castOid) !== family) return undefined;
    const constant = nodeOf(cast.arg, "A_Const");
    if (constant !== undefined) return literalValue(context, constant, family);
    const parameter = nodeOf(cast.arg, "ParamRef");
    return parameter && parameterValue(context, parameter, family);
  }
  const constant = nodeOf(node, "A_Const");
  if (constant !== undefined) return literalValue(context, constant, family);
  const parameter = nodeOf(node, "ParamRef");
  return parameter && parameterValue(context, parameter, family);
}

/** The right side of `= ANY (..)`. */
export function keyValuesOfArray(
  context: Context,
  node: Node | undefined,
  family: ShardKeyType,
): KeyValues | undefined {
  if (context.input.ignoreKeys) return undefined;
  const elements = nodeOf(node, "A_ArrayExpr");
  if (elements !== undefined) return keyValueList(context, elements.elements ?? [], family);
  const cast = nodeOf(node, "TypeCast");
  if (cast !== undefined) {
    const elementOid = plainElementTypeOid(cast.typeName);
    if (elementOid === undefined || shardKeyType(elementOid) !== family) return undefined;
    const elements = nodeOf(cast.arg, "A_ArrayExpr")?.elements;
    if (elements !== undefined) return keyValueList(context, elements, family);
  }
  const inner = cast === undefined ? node : cast.arg;
  const parameter = nodeOf(inner, "ParamRef");
  if (parameter !== undefined) return arrayParameter(context, parameter, family);
  const text = nodeOf(inner, "A_Const")?.sval?.sval;
  return text === undefined ? undefined : arrayLiteral(text);
}

export function keyValueList(context: Context, nodes: readonly Node[], family: ShardKeyType): KeyValues | undefined {
  const sources: ValueSource[] = [];
  for (const node of nodes) {
    const source = keyValue(context, node, family);
    if (source === undefined) return undefined;
    sources.push(source);
  }
  return { kind: "list", sources };
}

function literalValue(context: Context, constant: A_Const, family: ShardKeyType): ValueSource | undefined {
  const text = constantText(constant, family);
  if (text === undefined) return undefined;
  const { normalized } = context.input;
  // Locations inside a view's definition belong to another text.
  const isQuoted = text !== null && constant.boolval === undefined;
  const place = isQuoted && normalized && !context.isInView ? literalAt(normalized, constant.location ?? 0) : undefined;
  return place === undefined ? { kind: "constant", text } : { kind: "literal", ...place };
}

/** The value as text, null for NULL; undefined when such a constant is of another family. */
function constantText(constant: A_Const, family: ShardKeyType): string | null | undefined {
  if (constant.isnull) return null;
  if (constant.sval !== undefined) return constant.sval.sval ?? "";
  if (constant.boolval !== undefined) {
    return family === "bool" ? (constant.boolval.boolval === true ? "true" : "false") : undefined;
  }
  const isNumber = family === "integer" || family === "numeric";
  if (constant.ival !== undefined) return isNumber ? String(constant.ival.ival ?? 0) : undefined;
  const digits = constant.fval?.fval;
  if (digits === undefined || !isNumber) return undefined;
  if (family === "numeric") return digits;
  // A larger number is of type numeric.
  if (!/^-?\d+$/.test(digits)) return undefined;
  const value = BigInt(digits);
  return value <= INT8_MAX && value >= -INT8_MAX ? digits : undefined;
}

function parameterValue(context: Context, parameter: ParamRef, family: ShardKeyType): ValueSource | undefined {
  const number = parameter.number ?? 0;
  const declared = context.input.parameterTypes[number - 1] ?? 0;
  if (declared !== 0 && shardKeyType(declared) !== family) return undefined;
  return { kind: "parameter", number };
}

function arrayParameter(context: Context, node: ParamRef, family: ShardKeyType): KeyValues | undefined {
  const parameter = node.number ?? 0;
  const declared = context.input.parameterTypes[parameter - 1] ?? 0;
  if (declared !== 0 && elementFamily(declared) !== family) return undefined;
  return { kind: "array", parameter };
}

/** Plain array literals only: nothing quoted, one dimension. NULL elements are equal to nothing. */
function arrayLiteral(text: string): KeyValues | undefined {
  const items = /^\s*\{([^"\\{}]*)\}\s*$/.exec(text)?.[1];
  if (items === undefined) return undefined;
  const elements = items.trim() === "" ? [] : items.split(",").map((element) => element.trim());
  if (elements.includes("")) return undefined;
  const values = elements.filter((element) => element.toLowerCase() !== "null");
  return { kind: "list", sources: values.map((element) => ({ kind: "constant", text: element })) };
}
