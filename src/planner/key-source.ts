// Where the value of a shard key column of a row to be stored comes from, when the gateway can read it: a literal or a
// parameter whose text means the same to PostgreSQL as to the gateway's hash function. Everything else PostgreSQL evaluates.
import type { Node, ParamRef, TypeCast, TypeName } from "@pgsql/types";
import type { Column } from "../catalog/snapshot.ts";
import { type ShardKeyType, shardKeyType } from "../sharding/shard-key-type.ts";
import { literalAt } from "../sql/literal-at.ts";
import { nodeOf, walk } from "../sql/walk.ts";
import { plainTypeOid } from "./analysis/type-name.ts";
import { constantText, namesOf } from "./definition.ts";
import type { ValueSource } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

export type KeySource =
  | { readonly kind: "source"; readonly source: ValueSource }
  | { readonly kind: "null" }
  | { readonly kind: "default" }
  /** Only PostgreSQL can tell the value. */
  | { readonly kind: "evaluate" };

/** Whether another place in the statement may decide the type of parameter n, which goes into a column of this type. */
export type IsShared = (parameter: number, type: ShardKeyType) => boolean;

export function keySource(input: PlanInput, expression: Node, column: Column, isShared: IsShared): KeySource {
  const type = shardKeyType(column.typeOid);
  if (nodeOf(expression, "SetToDefault") !== undefined) return { kind: "default" };
  if (type === undefined || changesWhenStored(column, type)) return evaluateUnlessNull(expression);

  const cast = nodeOf(expression, "TypeCast");
  if (cast !== undefined) {
    const isSame = cast.typeName !== undefined && castType(input, cast.typeName) === type;
    if (!isSame || cast.arg === undefined) return evaluateUnlessNull(expression);
    const parameter = nodeOf(cast.arg, "ParamRef");
    if (parameter !== undefined) return parameterSource(input, parameter.number ?? 0, type, isShared);
    return constantSource(input, cast.arg, type);
  }
  const parameter = nodeOf(expression, "ParamRef");
  if (parameter !== undefined) return parameterSource(input, parameter.number ?? 0, type, isShared);
  return constantSource(input, expression, type);
}

/**
 * PostgreSQL takes the type of an undeclared parameter from the place it looks at first: WITH, then expressions, then the
 * columns that plain parameters go to. If all places in WITH and the rows say the same type, it is that.
 */
export function parameterSharing(input: PlanInput, source: readonly Node[], rows: readonly ValuesRow[]): IsShared {
  let places: Map<number, { total: number; types: Map<ShardKeyType, number> }> | undefined;
  return (parameter, type) => {
    places ??= parameterPlaces(input, source, rows);
    const of = places.get(parameter);
    return of !== undefined && of.total > (of.types.get(type) ?? 0);
  };
}

export interface ValuesRow {
  readonly expressions: readonly Node[];
  /** Target of each expression. */
  readonly columns: readonly Column[];
}

function parameterPlaces(input: PlanInput, source: readonly Node[], rows: readonly ValuesRow[]) {
  const places = new Map<number, { total: number; types: Map<ShardKeyType, number> }>();
  walk(source, (type, node) => {
    if (type !== "ParamRef") return undefined;
    const { number = 0 } = node as ParamRef;
    const of = places.get(number) ?? { total: 0, types: new Map() };
    of.total++;
    places.set(number, of);
    return undefined;
  });
  for (const { expressions, columns } of rows) {
    expressions.forEach((expression, index) => {
      const cast = nodeOf(expression, "TypeCast");
      const parameter = nodeOf(cast === undefined ? expression : cast.arg, "ParamRef");
      const types = places.get(parameter?.number ?? 0)?.types;
      const type = typeOfPlace(input, cast, columns[index]);
      if (types !== undefined && type !== undefined) types.set(type, (types.get(type) ?? 0) + 1);
    });
  }
  return places;
}

/** The type that a parameter has as a whole value of a row, cast or not. */
function typeOfPlace(
  input: PlanInput,
  cast: TypeCast | undefined,
  column: Column | undefined,
): ShardKeyType | undefined {
  if (cast !== undefined) return cast.typeName === undefined ? undefined : castType(input, cast.typeName);
  return column === undefined ? undefined : shardKeyType(column.typeOid);
}

/** varchar(n) only loses blanks, which `StoredKey` tells; numeric(p,s) and timestamp(p) are rounded. */
export function changesWhenStored(column: Column, type: ShardKeyType): boolean {
  return column.typeModifier >= 0 && type !== "text" && type !== "bpchar";
}

function evaluateUnlessNull(expression: Node): KeySource {
  const cast = nodeOf(expression, "TypeCast");
  const constant = cast === undefined ? expression : cast.arg;
  return constant !== undefined && constantText(constant) === null ? { kind: "null" } : { kind: "evaluate" };
}

function constantSource(input: PlanInput, node: Node, type: ShardKeyType): KeySource {
  const constant = nodeOf(node, "A_Const");
  const text = constantText(node);
  if (constant === undefined || text === undefined) return { kind: "evaluate" };
  if (text === null) return { kind: "null" };
  const isNumber = constant.ival !== undefined || constant.fval !== undefined;
  const fits =
    constant.sval !== undefined ||
    (isNumber && (type === "integer" || type === "numeric")) ||
    (constant.boolval !== undefined && type === "bool");
  if (!fits) return { kind: "evaluate" };
  if (constant.boolval !== undefined || input.normalized === undefined) {
    return { kind: "source", source: { kind: "constant", text } };
  }
  const place = literalAt(input.normalized, constant.location ?? 0);
  const literal = place === undefined ? undefined : input.normalized.literals[place.slot];
  if (place === undefined || literal === undefined) return { kind: "source", source: { kind: "constant", text } };
  // N'..' is of type bpchar: on its way to text it loses blanks.
  if (literal.kind === "national") return { kind: "evaluate" };
  return { kind: "source", source: { kind: "literal", slot: place.slot, negated: place.negated } };
}

function parameterSource(input: PlanInput, number: number, type: ShardKeyType, isShared: IsShared): KeySource {
  const declared = input.parameterTypes[number - 1] ?? 0;
  const isKnown = declared === 0 ? !isShared(number, type) : shardKeyType(declared) === type;
  return isKnown ? { kind: "source", source: { kind: "parameter", number } } : { kind: "evaluate" };
}

/** The shard key type that a cast to this type gives unchanged; undefined: another type, or one that cuts or rounds. */
function castType(input: PlanInput, type: TypeName): ShardKeyType | undefined {
  // A path that names pg_catalog may put other types of the same names in front of it.
  const isHidden = namesOf(type.names).length === 1 && input.searchPath.includes("pg_catalog");
  const typeOid = isHidden ? undefined : plainTypeOid(type);
  return typeOid === undefined ? undefined : shardKeyType(typeOid);
}
