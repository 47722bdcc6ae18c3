// What a value loses when it travels between shards as an element of an array: the length or precision of its type, and a
// collation that is not its type's default. Both are put back before the final query looks at it. Values of no named type
// (records) cannot travel at all.
import type { ColumnRef, FuncCall, Node, TypeName } from "@pgsql/types";
import { assert } from "../../base/assert.ts";
import type { Column } from "../../catalog/snapshot.ts";
import { firstUserOid, oid } from "../../pgwire/oid.ts";
import { parseQualifiedName } from "../../sql/names.ts";
import { parse } from "../../sql/parse.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import { expressionType } from "../analysis/expression-type.ts";
import type { Analysis } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";
import type { PlanInput } from "../plan-input.ts";

export interface Lost {
  /** With its length or precision. */
  readonly type: TypeName | undefined;
  /** Name for COLLATE. */
  readonly collation: readonly Node[] | undefined;
}

export const nothingLost: Lost = { type: undefined, collation: undefined };

const collatable: readonly number[] = [oid.text, oid.varchar, oid.bpchar];

/** undefined: the expression's values cannot travel, or what they lose is not known. */
export function lostByExpression({ catalog }: PlanInput, analysis: Analysis, expression: Node): Lost | undefined {
  const explicit = nodeOf(expression, "CollateClause");
  if (explicit?.arg !== undefined) return { type: typeOf(analysis, explicit.arg), collation: explicit.collname };
  const variable = variableOf(analysis, expression);
  if (variable !== undefined) return lostByVariable(variable);
  const type = expressionType(analysis, expression);
  if (type === undefined && mayBeRecord(catalog, analysis, expression)) return undefined;
  if (mayHaveCollation(type) && !hasDefaultCollation(analysis, expression)) return undefined;
  return { type: typeOf(analysis, expression), collation: undefined };
}

export function lostByVariable({ column, typeOid }: Variable): Lost | undefined {
  if (column !== undefined) return lostByColumn(column);
  return mayHaveCollation(typeOid) ? undefined : nothingLost;
}

export function lostByColumn({ typeModifier, typeName, collation }: Column): Lost {
  return {
    type: typeModifier < 0 ? undefined : parsedTypeName(typeName),
    collation:
      collation === undefined ? undefined : parseQualifiedName(collation).map((sval) => ({ String: { sval } })),
  };
}

/** The value as it was before it travelled. */
export function restored(value: Node, { type, collation }: Lost): Node {
  const typed: Node = type === undefined ? value : { TypeCast: { arg: value, typeName: type } };
  return collation === undefined ? typed : { CollateClause: { arg: typed, collname: [...collation] } };
}

export function isLossless({ type, collation }: Lost): boolean {
  return type === undefined && collation === undefined;
}

function variableOf(analysis: Analysis, expression: Node): Variable | undefined {
  const reference = nodeOf(expression, "ColumnRef");
  const resolution = reference && analysis.resolutions.get(reference);
  return resolution?.kind === "column" ? resolution.variable : undefined;
}

function typeOf(analysis: Analysis, expression: Node): TypeName | undefined {
  const { column } = variableOf(analysis, expression) ?? {};
  if (column !== undefined) return lostByColumn(column).type;
  const type = nodeOf(expression, "TypeCast")?.typeName;
  return (type?.typmods ?? []).length > 0 ? type : undefined;
}

/** Types made by users may be over text (citext, domains). */
function mayHaveCollation(typeOid: number | undefined): boolean {
  return typeOid === undefined || collatable.includes(typeOid) || typeOid >= firstUserOid;
}

function hasDefaultCollation(analysis: Analysis, expression: Node): boolean {
  let isDefault = true;
  walk(expression, (type, contents) => {
    if (type === "CollateClause" || type === "SubLink") isDefault = false;
    if (type === "ColumnRef") {
      const resolution = analysis.resolutions.get(contents as ColumnRef);
      // A row has no collation.
      if (resolution?.kind === "row") return undefined;
      const lost = resolution?.kind === "column" ? lostByVariable(resolution.variable) : undefined;
      if (lost === undefined || lost.collation !== undefined) isDefault = false;
    }
    return undefined;
  });
  return isDefault;
}

/** ROW (a, b), the row of a subquery, or a function that returns several columns. */
function mayBeRecord(catalog: PlanInput["catalog"], analysis: Analysis, expression: Node): boolean {
  let found = false;
  walk(expression, (type, contents) => {
    if (type === "RowExpr") found = true;
    if (type === "ColumnRef") {
      const { fields } = contents as ColumnRef;
      const resolution = analysis.resolutions.get(contents as ColumnRef);
      // The row of a table has the table's type; `t.f` is a call of a function.
      const isCall = (fields?.length ?? 0) > 1 && nodeOf(fields?.at(-1), "String") !== undefined;
      if (resolution?.kind === "row" && resolution.source?.kind !== "table" && !isCall) found = true;
    }
    if (type === "FuncCall" && catalog.setReturningFunctions.has(functionName(contents as FuncCall))) found = true;
    return undefined;
  });
  return found;
}

const typeNames = new Map<string, TypeName>();
const typeNamesMax = 10_000;

function parsedTypeName(name: string): TypeName {
  const known = typeNames.get(name);
  if (known !== undefined) return known;
  const select = nodeOf(parse(`SELECT NULL::${name}`)[0]?.tree, "SelectStmt");
  const type = nodeOf(nodeOf(select?.targetList?.[0], "ResTarget")?.val, "TypeCast")?.typeName;
  assert(type, `the name of a type: ${name}`);
  if (typeNames.size >= typeNamesMax) typeNames.clear();
  typeNames.set(name, type);
  return type;
}
