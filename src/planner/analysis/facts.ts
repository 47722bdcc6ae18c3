// From the conditions of WHERE and ON to facts. Only what must be true of every row that matters is a fact: conjuncts
// that are equalities by the operator that hashing agrees with, and tests that a NULL-extended row cannot pass.
import type { A_Expr, Node, SubLink } from "@pgsql/types";
import { firstUserOid } from "../../pgwire/oid.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { ValueSource } from "../plan.ts";
import type { Context } from "./context.ts";
import { keyValueList, keyValuesOfArray } from "./key-value.ts";
import { linkOutputs, rowsImplyRows } from "./link-outputs.ts";
import type { Analysis } from "./model.ts";
import { newRegion, type Region } from "./region.ts";
import type { Variable } from "./variable.ts";

/** What is known of column references. */
export type Resolved = Pick<Analysis, "resolutions">;

/** The condition must have been walked by `analyzeExpression` before. */
export function learnCondition(context: Context, region: Region, condition: Node | undefined): void {
  if (condition === undefined) return;
  const bool = nodeOf(condition, "BoolExpr");
  if (bool?.boolop === "AND_EXPR") {
    for (const each of bool.args ?? []) learnCondition(context, region, each);
  } else if (bool?.boolop === "OR_EXPR") {
    learnAlternatives(context, region, bool.args ?? []);
  }
  if (bool?.boolop !== "AND_EXPR") region.conditions.push(condition);
  const comparison = nodeOf(condition, "A_Expr");
  if (comparison !== undefined) learnComparison(context, region, comparison);
  const sublink = nodeOf(condition, "SubLink");
  if (sublink !== undefined) learnSemiJoin(context, region, sublink);
  const nullTest = nodeOf(condition, "NullTest");
  if (nullTest?.nulltesttype === "IS_NOT_NULL") learnPresence(context, region, nullTest.arg);
}

/** Of USING and NATURAL. */
export function learnEquality(region: Region, left: Variable, right: Variable): void {
  if (left.family !== undefined && left.family === right.family) region.facts.push({ kind: "equal", left, right });
  else region.facts.push({ kind: "not-null", variable: left }, { kind: "not-null", variable: right });
}

export function variableOf(context: Resolved, node: Node | undefined): Variable | undefined {
  const reference = nodeOf(node, "ColumnRef");
  const resolution = reference && context.resolutions.get(reference);
  return resolution?.kind === "column" ? resolution.variable : undefined;
}

function learnComparison(context: Context, region: Region, { kind, name, lexpr, rexpr }: A_Expr): void {
  if (lexpr === undefined || rexpr === undefined) return;
  const isEquality = isEqualityOperator(name);
  const leftRow = nodeOf(lexpr, "RowExpr")?.args;
  switch (kind) {
    case "AEXPR_OP": {
      const rightRow = nodeOf(rexpr, "RowExpr")?.args;
      if (leftRow !== undefined && rightRow !== undefined) {
        if (!isEquality || leftRow.length !== rightRow.length) return;
        leftRow.forEach((left, index) => {
          learnOperands(context, region, left, rightRow[index]!, true);
        });
        return;
      }
      if (isEquality || isStrictComparison(name)) learnOperands(context, region, lexpr, rexpr, isEquality);
      return;
    }
    case "AEXPR_IN": {
      const items = nodeOf(rexpr, "List")?.items ?? [];
      if (!isEquality) return;
      if (leftRow !== undefined) learnRowIn(context, region, leftRow, items);
      else learnValues(context, region, lexpr, (family) => keyValueList(context, items, family));
      return;
    }
    case "AEXPR_OP_ANY":
      if (isEquality) learnValues(context, region, lexpr, (family) => keyValuesOfArray(context, rexpr, family));
      return;
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
    case "AEXPR_BETWEEN":
      learnPresence(context, region, lexpr);
      return;
    default:
      return;
  }
}

function learnOperands(context: Context, region: Region, left: Node, right: Node, isEquality: boolean): void {
  learnPresence(context, region, left);
  learnPresence(context, region, right);
  if (!isEquality) return;
  const leftVariable = variableOf(context, left);
  const rightVariable = variableOf(context, right);
  if (leftVariable !== undefined && rightVariable !== undefined) {
    learnEquality(region, leftVariable, rightVariable);
  } else if (leftVariable !== undefined) {
    learnValues(context, region, left, (family) => keyValueList(context, [right], family));
  } else if (rightVariable !== undefined) {
    learnValues(context, region, right, (family) => keyValueList(context, [left], family));
  }
}

function learnValues(
  context: Context,
  region: Region,
  side: Node,
  read: (family: NonNullable<Variable["family"]>) => ReturnType<typeof keyValueList>,
): void {
  const variable = variableOf(context, side);
  if (variable === undefined) return;
  learnPresence(context, region, side);
  if (variable.family === undefined) return;
  const values = read(variable.family);
  if (values !== undefined) region.facts.push({ kind: "values", variable, values });
}

/** `(a, b) IN ((1, 2), (3, 4))`: a is 1 or 3, and b is 2 or 4. */
function learnRowIn(context: Context, region: Region, columns: readonly Node[], rows: readonly Node[]): void {
  columns.forEach((column, index) => {
    const items: Node[] = [];
    for (const row of rows) {
      const item = nodeOf(row, "RowExpr")?.args?.[index];
      if (item === undefined) return;
      items.push(item);
    }
    learnValues(context, region, column, (family) => keyValueList(context, items, family));
  });
}

/** `k = 1 OR k = 2`, also with other conditions in each arm: k is 1 or 2, if every arm says what k is. */
function learnAlternatives(context: Context, region: Region, arms: readonly Node[]): void {
  const perArm = arms.map((arm) => valuesInArm(context, arm));
  const first = perArm[0];
  if (first === undefined) return;
  for (const variable of first.keys()) {
    const lists = perArm.map((arm) => arm.get(variable));
    if (lists.includes(undefined)) continue;
    const sources = lists.flatMap((list) => list ?? []);
    region.facts.push({ kind: "values", variable, values: { kind: "list", sources } });
  }
}

function valuesInArm(context: Context, arm: Node): Map<Variable, readonly ValueSource[]> {
  const scratch = newRegion(undefined);
  learnArm(context, scratch, arm);
  const found = new Map<Variable, readonly ValueSource[]>();
  for (const fact of scratch.facts) {
    if (fact.kind === "values" && fact.values.kind === "list") found.set(fact.variable, fact.values.sources);
  }
  return found;
}

function learnArm(context: Context, scratch: Region, arm: Node): void {
  const bool = nodeOf(arm, "BoolExpr");
  if (bool?.boolop === "AND_EXPR") for (const each of bool.args ?? []) learnArm(context, scratch, each);
  else if (bool?.boolop === "OR_EXPR") learnAlternatives(context, scratch, bool.args ?? []);
  const comparison = nodeOf(arm, "A_Expr");
  if (comparison !== undefined) learnComparison(context, scratch, comparison);
}

/** EXISTS (..) and IN (SELECT ..) as conjuncts: a row matters only if the subquery has a row for it. */
function learnSemiJoin(context: Context, region: Region, sublink: SubLink): void {
  const body = context.sublinkBodies.get(sublink);
  if (body === undefined) return;
  if (sublink.subLinkType === "ANY_SUBLINK") {
    learnPresence(context, region, sublink.testexpr);
    linkTest(context, sublink, true);
  } else if (sublink.subLinkType !== "EXISTS_SUBLINK") {
    return;
  }
  if (rowsImplyRows(body)) region.implied.push(body.region);
}

/**
 * `x IN (SELECT k ..)`: rows of the subquery whose k is another than x do not matter. Elsewhere than as a conjunct (NOT IN,
 * under OR) NULL would matter too, so both must never be NULL.
 */
export function linkTest(context: Context, sublink: SubLink, isConjunct: boolean): void {
  const body = context.sublinkBodies.get(sublink);
  const isEquality = sublink.operName === undefined || isEqualityOperator(sublink.operName);
  if (body === undefined || sublink.subLinkType !== "ANY_SUBLINK" || !isEquality) return;
  const tests = nodeOf(sublink.testexpr, "RowExpr")?.args ?? (sublink.testexpr ? [sublink.testexpr] : []);
  const isNullSafe = isConjunct || tests.length === 1;
  const outers = tests.map((test) => {
    const variable = variableOf(context, test);
    return isConjunct || (isNullSafe && isNeverNull(variable, context)) ? variable : undefined;
  });
  linkOutputs(body, outers, isConjunct ? undefined : (inner) => isNeverNull(inner, context));
}

/** A NOT NULL column of a source that no outer join can extend with NULLs. */
function isNeverNull(variable: Variable | undefined, context: Context): boolean {
  if (variable?.column?.notNull !== true) return false;
  return context.levels.some((level) => level.region === variable.region);
}

/** Built-in comparisons give NULL for NULL, so the row must be a real one. */
function learnPresence(context: Context, region: Region, node: Node | undefined): void {
  const variable = variableOf(context, node);
  if (variable?.typeOid !== undefined && variable.typeOid < firstUserOid) {
    region.facts.push({ kind: "not-null", variable });
  }
}

export function isEqualityOperator(name: readonly Node[] | undefined): boolean {
  return operatorName(name) === "=";
}

function isStrictComparison(name: readonly Node[] | undefined): boolean {
  return ["<", ">", "<=", ">=", "<>", "!="].includes(operatorName(name) ?? "");
}

/** undefined for an operator of a user's schema. */
function operatorName(name: readonly Node[] | undefined): string | undefined {
  const parts = (name ?? []).map((part) => nodeOf(part, "String")?.sval);
  return parts.length === 1 || (parts.length === 2 && parts[0] === "pg_catalog") ? parts.at(-1) : undefined;
}
