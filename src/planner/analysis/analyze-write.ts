// INSERT, UPDATE, DELETE and MERGE as levels: their target is their first source.
import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, ReturningClause, UpdateStmt } from "@pgsql/types";
import { shardKeyType } from "../../sharding/shard-key-type.ts";
import { nodeOf } from "../../sql/walk.ts";
import { analyzeExpression, type Place } from "./analyze-expression.ts";
import { analyzeFromItem, itemOf } from "./analyze-from.ts";
import { analyzeStatement } from "./analyze-statement.ts";
import { analyzeWith } from "./analyze-with.ts";
import { type Context, newLevel } from "./context.ts";
import { learnCondition } from "./facts.ts";
import type { Level, TableSource } from "./model.ts";
import { newRegion, type Region } from "./region.ts";
import { targetSource } from "./relation-source.ts";
import { type NamespaceItem, type Scope, scopeOfItems } from "./scope.ts";
import { selectOutputs } from "./select-outputs.ts";

export function analyzeUpdate(
  context: Context,
  update: UpdateStmt,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  const level = newLevel(context, "update", update, parent, region);
  const { target, place } = analyzeTarget(context, level, outer, update, update.fromClause);
  learnWhere(context, place, update.whereClause);
  analyzeExpression(context, place, update.targetList);
  noteAssignments(context, target, update.targetList);
  analyzeReturning(context, place, update.returningClause, target);
  return level;
}

export function analyzeDelete(
  context: Context,
  statement: DeleteStmt,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  const level = newLevel(context, "delete", statement, parent, region);
  const { target, place } = analyzeTarget(context, level, outer, statement, statement.usingClause);
  learnWhere(context, place, statement.whereClause);
  analyzeReturning(context, place, statement.returningClause, target);
  return level;
}

export function analyzeInsert(
  context: Context,
  insert: InsertStmt,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  const level = newLevel(context, "insert", insert, parent, region);
  const around = analyzeWith(context, insert.withClause, outer, level);
  if (insert.selectStmt !== undefined) {
    const body = analyzeStatement(context, insert.selectStmt, around, level, newRegion(region));
    level.sublinks.push({ body, node: insert, region, part: "from" });
  }
  const { target, place } = analyzeTarget(context, level, around, { relation: insert.relation }, []);
  noteInserted(context, target, insert);
  const conflict = insert.onConflictClause;
  if (conflict !== undefined) {
    const excluded: NamespaceItem = {
      ...itemOf(target),
      alias: "excluded",
      schema: undefined,
      areColumnsVisible: false,
    };
    const scope = scopeOfItems(place.scope, level, [...place.scope.items, excluded]);
    analyzeExpression(context, { ...place, scope }, [conflict.infer, conflict.targetList, conflict.whereClause]);
  }
  analyzeReturning(context, place, insert.returningClause, target);
  return level;
}

/** Its condition says nothing about rows that are not matched, so no facts are learned. */
export function analyzeMerge(
  context: Context,
  merge: MergeStmt,
  outer: Scope | undefined,
  parent: Level | undefined,
  region: Region,
): Level {
  const level = newLevel(context, "merge", merge, parent, region);
  const from = merge.sourceRelation ? [merge.sourceRelation] : [];
  const { target, place } = analyzeTarget(context, level, outer, merge, from);
  analyzeExpression(context, place, [merge.joinCondition, merge.mergeWhenClauses]);
  analyzeReturning(context, place, merge.returningClause, target);
  return level;
}

interface Targeted {
  readonly relation?: RangeVar | undefined;
  readonly withClause?: InsertStmt["withClause"] | undefined;
}

function analyzeTarget(
  context: Context,
  level: Level,
  outer: Scope | undefined,
  statement: Targeted,
  from: readonly Node[] | undefined,
): { target: TableSource; place: Place } {
  const around = analyzeWith(context, statement.withClause, outer, level);
  const { region } = level;
  const target = targetSource(context, { level, region, outer: around, lateral: [] }, statement.relation!);
  level.sources.push(target);
  level.joins.push({ kind: "source", source: target });
  const items = [itemOf(target)];
  for (const node of from ?? []) {
    // LATERAL items see the target too.
    const item = analyzeFromItem(context, { level, region, outer: around, lateral: items }, node);
    level.joins.push(item.tree);
    items.push(...item.items);
  }
  return { target, place: { scope: scopeOfItems(around, level, items), level, region, part: "where" } };
}

function learnWhere(context: Context, place: Place, condition: Node | undefined): void {
  analyzeExpression(context, place, condition);
  learnCondition(context, place.region, condition);
}

/** `SET column = $1` gives the parameter the type of the column. */
function noteAssignments(context: Context, target: TableSource, targets: readonly Node[] | undefined): void {
  for (const node of targets ?? []) {
    const assignment = nodeOf(node, "ResTarget");
    const parameter = nodeOf(assignment?.val, "ParamRef");
    if (parameter === undefined || assignment?.indirection !== undefined) continue;
    const column = target.relation?.columns.find((each) => each.name === assignment?.name);
    const variable = target.columns?.[target.relation?.columns.indexOf(column!) ?? -1]?.variable;
    context.parameterUses.set(parameter, variable?.family);
  }
}

/** A parameter that is a whole value of VALUES gets the type of the column. */
function noteInserted(context: Context, { relation }: TableSource, { cols, selectStmt }: InsertStmt): void {
  const names = cols?.map((node) => nodeOf(node, "ResTarget")?.name) ?? relation?.columns.map(({ name }) => name) ?? [];
  for (const row of nodeOf(selectStmt, "SelectStmt")?.valuesLists ?? []) {
    nodeOf(row, "List")?.items?.forEach((item, index) => {
      const parameter = nodeOf(item, "ParamRef");
      const column = relation?.columns.find(({ name }) => name === names[index]);
      if (parameter !== undefined) context.parameterUses.set(parameter, column && shardKeyType(column.typeOid));
    });
  }
}

function analyzeReturning(
  context: Context,
  place: Place,
  returning: ReturningClause | undefined,
  target: TableSource,
): void {
  const { level } = place;
  if (returning?.exprs === undefined) {
    level.outputs = [];
    return;
  }
  const names = ["old", "new"];
  for (const option of returning.options ?? []) {
    const value = nodeOf(option, "ReturningOption")?.value;
    if (value !== undefined) names.push(value);
  }
  const versions = names.map(
    (alias): NamespaceItem => ({ ...itemOf(target), alias, schema: undefined, areColumnsVisible: false }),
  );
  const scope = scopeOfItems(place.scope.parent, level, [...place.scope.items, ...versions]);
  analyzeExpression(context, { ...place, scope }, returning.exprs);
  const star = scope.items.filter((item) => item.areColumnsVisible).map((item) => item.columns);
  const columns = star.includes(undefined) ? undefined : star.flatMap((each) => each ?? []);
  level.outputs = selectOutputs(context, { ...place, scope }, returning.exprs, columns);
}
