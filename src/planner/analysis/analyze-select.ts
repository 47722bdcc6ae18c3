// SELECT, VALUES and set operations: FROM and WHERE first, then what the level does with the rows.
import type { SelectStmt, WindowDef } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { analyzeExpression, type Place } from "./analyze-expression.ts";
import { analyzeFromItem } from "./analyze-from.ts";
import { analyzeWith } from "./analyze-with.ts";
import { classesOf } from "./classes.ts";
import { type Context, newLevel } from "./context.ts";
import { learnCondition } from "./facts.ts";
import type { Level, Output, Shape } from "./model.ts";
import { newRegion, type Region } from "./region.ts";
import { type NamespaceItem, type Scope, scopeOfItems, type VisibleColumn } from "./scope.ts";
import { selectOutputs } from "./select-outputs.ts";
import { groupTerms, outputTerms } from "./terms.ts";

export function analyzeSelect(
  context: Context,
  select: SelectStmt,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  const kind = select.valuesLists ? "values" : select.op === "SETOP_NONE" ? "select" : "set-operation";
  const level = newLevel(context, kind, select, parent, region);
  const around = analyzeWith(context, select.withClause, outer, level);
  if (kind === "select") analyzeSimple(context, select, around, level);
  else if (kind === "values") analyzeValues(context, select, around, level);
  else analyzeSetOperation(context, select, around, level);
  if (select.lockingClause !== undefined) context.locks.any = true;
  return level;
}

function analyzeSimple(context: Context, select: SelectStmt, outer: Scope | undefined, level: Level): void {
  const { region } = level;
  const items: NamespaceItem[] = [];
  let star: VisibleColumn[] | undefined = [];
  for (const node of select.fromClause ?? []) {
    const item = analyzeFromItem(context, { level, region, outer, lateral: items }, node);
    level.joins.push(item.tree);
    items.push(...item.items);
    star = item.columns && star ? [...star, ...item.columns] : undefined;
  }
  const below: Place = { scope: scopeOfItems(outer, level, items), level, region, part: "where" };
  analyzeExpression(context, below, select.whereClause);
  learnCondition(context, region, select.whereClause);

  const place: Place = { ...below, part: "above" };
  analyzeExpression(context, place, select.targetList);
  level.outputs = selectOutputs(context, place, select.targetList ?? [], star);
  const groupBy = groupTerms(context, place, select.groupClause);
  analyzeExpression(context, place, select.havingClause);
  level.sort.push(...sortTerms(context, place, select));
  const distinctOn = (select.distinctClause ?? []).filter((node) => Object.keys(node).length > 0);
  const on = outputTerms(context, place, distinctOn);
  const windows = windowsOf(context, place, select);
  analyzeLimit(context, place, select);

  level.shape = {
    hasAggregates: level.aggregates.length > 0,
    groupBy: groupBy?.terms,
    groupTerms: groupBy?.byNode ?? new Map(),
    hasGroupingSets: groupBy?.hasSets ?? false,
    hasHaving: select.havingClause !== undefined,
    distinct: select.distinctClause === undefined ? "none" : on.length > 0 ? { on } : "all",
    windows,
    hasLimit: hasLimit(select),
    hasLocking: select.lockingClause !== undefined,
  };
}

function sortTerms(context: Context, place: Place, { sortClause }: SelectStmt): Level["sort"] {
  return (sortClause ?? []).flatMap((node) => {
    const sort = nodeOf(node, "SortBy");
    if (sort?.node === undefined) return [];
    return outputTerms(context, place, [sort.node]).map((term) => ({ term, node: sort }));
  });
}

function analyzeLimit(context: Context, place: Place, select: SelectStmt): void {
  analyzeExpression(context, place, [select.limitCount, select.limitOffset]);
  for (const node of [select.limitCount, select.limitOffset]) {
    const parameter = nodeOf(node, "ParamRef");
    if (parameter !== undefined) context.parameterUses.set(parameter, "integer");
  }
}

/** LIMIT ALL and LIMIT NULL are none. */
function hasLimit({ limitCount, limitOffset }: SelectStmt): boolean {
  return [limitCount, limitOffset].some((node) => node !== undefined && nodeOf(node, "A_Const")?.isnull !== true);
}

/** PARTITION BY of all windows that are used or named. */
function windowsOf(context: Context, place: Place, select: SelectStmt): Shape["windows"] {
  const definitions: WindowDef[] = [];
  for (const node of select.windowClause ?? []) {
    const definition = nodeOf(node, "WindowDef");
    if (definition !== undefined) definitions.push(definition);
  }
  const named = new Map(definitions.map((definition) => [definition.name ?? "", definition]));
  collectWindows([select.targetList, select.sortClause], definitions);
  return definitions
    .filter((definition) => definition.partitionClause !== undefined || !isReference(definition, named))
    .map((definition) => {
      const base = definition.refname === undefined ? undefined : named.get(definition.refname);
      const partition = definition.partitionClause ?? base?.partitionClause ?? [];
      analyzeExpression(context, place, [definition.orderClause, definition.startOffset, definition.endOffset]);
      return outputTerms(context, place, partition, false);
    });
}

/** OVER name. */
function isReference(definition: WindowDef, named: ReadonlyMap<string, WindowDef>): boolean {
  return definition.name !== undefined && named.has(definition.name) && named.get(definition.name) !== definition;
}

function collectWindows(value: unknown, found: WindowDef[]): void {
  if (value === null || typeof value !== "object") return;
  for (const [key, contents] of Object.entries(value)) {
    if (key === "SubLink") continue;
    if (key === "FuncCall" && contents.over !== undefined) found.push(contents.over);
    if (key === "JsonObjectAgg" || key === "JsonArrayAgg") {
      const over = contents.constructor?.over;
      if (over !== undefined) found.push(over);
    }
    collectWindows(contents, found);
  }
}

function analyzeValues(context: Context, select: SelectStmt, outer: Scope | undefined, level: Level): void {
  const place: Place = { scope: scopeOfItems(outer, level, []), level, region: level.region, part: "above" };
  analyzeExpression(context, place, [select.valuesLists, select.limitCount, select.limitOffset]);
  const width = nodeOf(select.valuesLists?.[0], "List")?.items?.length ?? 0;
  level.outputs = Array.from({ length: width }, (_, index): Output => {
    return { name: `column${index + 1}`, variable: undefined, typeOid: undefined, expression: undefined };
  });
  level.shape = { ...level.shape, hasLimit: hasLimit(select) };
}

function analyzeSetOperation(context: Context, select: SelectStmt, outer: Scope | undefined, level: Level): void {
  const active = [...context.activeCtes.keys()].find((cte) => nodeOf(cte.ctequery, "SelectStmt") === select);
  for (const side of [select.larg, select.rarg]) {
    if (side === undefined) continue;
    const branch = analyzeSelect(context, side, outer, level, newRegion(level.region));
    level.branches.push(branch);
    if (active !== undefined && level.branches.length === 1) context.activeCtes.set(active, branch.outputs);
  }
  const [left, right] = level.branches;
  if (level.isRecursive && left !== undefined && right !== undefined) learnRecursion(left, right);
  level.outputs = left?.outputs?.map((output, index) => {
    const other = right?.outputs?.[index];
    const typeOid = output.typeOid === other?.typeOid ? output.typeOid : undefined;
    return { name: output.name, variable: undefined, typeOid, expression: undefined };
  });
  const place: Place = { scope: scopeOfItems(outer, level, []), level, region: level.region, part: "above" };
  analyzeLimit(context, place, select);
  level.sort.push(...sortTerms(context, place, select));
  level.shape = {
    ...level.shape,
    hasLimit: hasLimit(select),
    distinct: select.all === true && select.op === "SETOP_UNION" ? "none" : "all",
    hasLocking: select.lockingClause !== undefined,
  };
}

/** A column that every step passes on as it is has the values that it has in the first part. */
function learnRecursion(first: Level, step: Level): void {
  const classes = classesOf(step.region, "own");
  const known = classesOf(first.region, "binding");
  for (const source of step.sources) {
    if (source.kind !== "recursive") continue;
    source.columns?.forEach(({ variable }, index) => {
      const [from, passed] = [first, step].map(({ outputs }) => outputs?.[index]?.variable);
      if (from === undefined || passed === undefined || !classes.areEqual(passed, variable)) return;
      if (from.family === undefined || from.family !== variable.family) return;
      for (const values of known.valuesOf(from)) source.region.facts.push({ kind: "values", variable, values });
    });
  }
}

export function isUnionAll(level: Level): boolean {
  const { op, all } = level.node as SelectStmt;
  return op === "SETOP_UNION" && all === true;
}
