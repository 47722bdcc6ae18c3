// A subquery as a source of rows: in FROM itself, or behind the name of a common table expression or a view. A simple one
// is dissolved: its joins become part of the level around it, as PostgreSQL's planner pulls it up.
import type { Alias, Node, RangeSubselect, SelectStmt } from "@pgsql/types";
import type { Column } from "../../catalog/snapshot.ts";
import { shardKeyType } from "../../sharding/shard-key-type.ts";
import { nodeOf } from "../../sql/walk.ts";
import { isAggregate } from "./analyze-expression.ts";
import type { FromPlace } from "./analyze-from.ts";
import { analyzeStatement } from "./analyze-statement.ts";
import type { Context } from "./context.ts";
import { linkOutputs, rowsImplyRows } from "./link-outputs.ts";
import type { Level, Output, SourceColumn, SubquerySource, Uses } from "./model.ts";
import { newRegion } from "./region.ts";
import { type Scope, scopeOfItems } from "./scope.ts";
import { columnVariable, outputVariable, type Variable } from "./variable.ts";

export interface SubqueryOrigin {
  readonly node: object;
  readonly via: SubquerySource["via"];
  readonly cte: SubquerySource["cte"];
  readonly view: SubquerySource["view"];
  /** Names that take the place of the query's own. */
  readonly names: readonly string[];
  readonly alias: string | undefined;
}

export function newUses(): Uses {
  return { columns: new Set(), all: false, row: false, systemColumns: false };
}

export function subselectSource(context: Context, place: FromPlace, subselect: RangeSubselect): SubquerySource {
  const scope = subselect.lateral ? scopeOfItems(place.outer, place.level, place.lateral) : place.outer;
  return subquerySource(context, place, scope, subselect.subquery!, {
    node: subselect,
    via: "subselect",
    cte: undefined,
    view: undefined,
    names: aliasNames(subselect.alias),
    alias: subselect.alias?.aliasname,
  });
}

export function aliasNames(alias: Alias | undefined): string[] {
  return (alias?.colnames ?? []).map((name) => nodeOf(name, "String")?.sval ?? "");
}

export function subquerySource(
  context: Context,
  place: FromPlace,
  scope: Scope | undefined,
  query: Node,
  origin: SubqueryOrigin,
): SubquerySource {
  const { level, region } = place;
  const select = nodeOf(query, "SelectStmt");
  const isDissolved = select !== undefined && isSimple(context, select);
  const body = analyzeStatement(context, query, scope, level, isDissolved ? region : newRegion(region));
  const columns = body.outputs?.map((output, index): SourceColumn => {
    const name = origin.names[index] ?? origin.view?.columns[index]?.name ?? output.name;
    const column = origin.view?.columns[index];
    if (isDissolved && output.variable !== undefined) return { name, variable: output.variable };
    return { name, variable: column ? viewVariable(column, place) : passedVariable(name, output, place) };
  });
  if (!isDissolved) {
    if (columns !== undefined)
      linkOutputs(
        body,
        columns.map((column) => column.variable),
      );
    if (rowsImplyRows(body)) region.implied.push(body.region);
  }
  const { node, via, cte, view, alias } = origin;
  return { kind: "subquery", alias, columns, region, level, uses: newUses(), body, node, via, cte, view, isDissolved };
}

/** A plain column that comes out keeps its type and collation; an outer join inside may have made it NULL. */
function passedVariable(name: string, { variable, typeOid }: Output, { region }: FromPlace): Variable {
  const column = variable?.column;
  return column ? columnVariable({ ...column, notNull: false }, region) : outputVariable(name, typeOid, region);
}

function viewVariable(column: Column, { region }: FromPlace): Variable {
  return { name: column.name, typeOid: column.typeOid, family: shardKeyType(column.typeOid), region, column };
}

/** Nothing but FROM, WHERE and a select list. */
function isSimple(context: Context, select: SelectStmt): boolean {
  if (select.op !== "SETOP_NONE" || select.valuesLists !== undefined || select.withClause !== undefined) return false;
  const others = [
    select.distinctClause,
    select.groupClause,
    select.havingClause,
    select.windowClause,
    select.limitCount,
    select.limitOffset,
    select.lockingClause,
  ];
  return (
    others.every((clause) => clause === undefined) && !hasOwnCalls(context, [select.targetList, select.sortClause])
  );
}

/** Aggregates and window functions, outside of sublinks. */
function hasOwnCalls(context: Context, value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([type, contents]) => {
    if (type === "SubLink") return false;
    if (type === "JsonObjectAgg" || type === "JsonArrayAgg") return true;
    if (type === "FuncCall" && (contents.over !== undefined || isAggregate(context, contents))) return true;
    return hasOwnCalls(context, contents);
  });
}

/** A subquery that was taken for a simple one although an aggregate of it stands in a sublink. */
export function isMistaken(source: SubquerySource): boolean {
  return source.isDissolved && (source.body as Level).aggregates.length > 0;
}
