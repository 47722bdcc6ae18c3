// How many columns a query gives, as far as its text and the catalog say.
import type { Node, SelectStmt, WithClause } from "@pgsql/types";
import { nodeOf } from "../sql/walk.ts";
import type { PlanInput } from "./plan-input.ts";
import { catalogRelation } from "./relation-of.ts";

/** Common table expressions in sight, and their columns. */
type Ctes = ReadonlyMap<string, number | undefined>;

/**
 * `around` is the WITH of the statement that the query is part of. undefined: not known (`*` over something other than
 * tables, subqueries, and plain joins of them).
 */
export function outputCount(input: PlanInput, query: SelectStmt, around?: WithClause): number | undefined {
  return countOf(input, query, withCtes(input, around, new Map()));
}

function countOf(input: PlanInput, query: SelectStmt, outer: Ctes): number | undefined {
  const ctes = withCtes(input, query.withClause, outer);
  if (query.larg !== undefined) return countOf(input, query.larg, ctes);
  const [firstRow] = query.valuesLists ?? [];
  if (firstRow !== undefined) return nodeOf(firstRow, "List")?.items?.length ?? 0;
  const items = (query.fromClause ?? []).flatMap((item) => itemCounts(input, item, ctes));
  return sum((query.targetList ?? []).map((target) => targetCount(nodeOf(target, "ResTarget")?.val, items)));
}

function withCtes(input: PlanInput, clause: WithClause | undefined, outer: Ctes): Ctes {
  if (clause === undefined) return outer;
  const ctes = new Map(outer);
  for (const node of clause.ctes ?? []) {
    const cte = nodeOf(node, "CommonTableExpr");
    const query = nodeOf(cte?.ctequery, "SelectStmt");
    const name = cte?.ctename ?? "";
    const isPlain = query !== undefined && cte?.search_clause === undefined && cte?.cycle_clause === undefined;
    // Known before its own query is looked at: it may be recursive.
    ctes.set(name, undefined);
    if (isPlain) ctes.set(name, countOf(input, query, ctes));
  }
  return ctes;
}

function targetCount(value: Node | undefined, items: readonly Counted[]): number | undefined {
  const last = nodeOf(value, "A_Indirection")?.indirection?.at(-1);
  if (nodeOf(last, "A_Star") !== undefined) return undefined;
  const fields = nodeOf(value, "ColumnRef")?.fields ?? [];
  if (nodeOf(fields.at(-1), "A_Star") === undefined) return 1;
  if (fields.length === 1) return sum(items.map(({ count }) => count));
  const wanted = items.filter(({ alias }) => fields.length === 2 && alias === nodeOf(fields[0], "String")?.sval);
  return wanted.length === 1 ? wanted[0]?.count : undefined;
}

/** An item of FROM. */
interface Counted {
  readonly alias: string | undefined;
  readonly count: number | undefined;
}

function itemCounts(input: PlanInput, item: Node, ctes: Ctes): Counted[] {
  const table = nodeOf(item, "RangeVar");
  if (table !== undefined) {
    const { schemaname, relname = "" } = table;
    const isCte = schemaname === undefined && ctes.has(relname);
    const count = isCte ? ctes.get(relname) : catalogRelation(input, table)?.columns.length;
    return [{ alias: table.alias?.aliasname ?? relname, count }];
  }
  const subselect = nodeOf(item, "RangeSubselect");
  if (subselect !== undefined) {
    const inner = nodeOf(subselect.subquery, "SelectStmt");
    return [{ alias: subselect.alias?.aliasname, count: inner && countOf(input, inner, ctes) }];
  }
  const join = nodeOf(item, "JoinExpr");
  const isPlain = join !== undefined && !join.isNatural && join.usingClause === undefined && join.alias === undefined;
  if (!isPlain || join.larg === undefined || join.rarg === undefined) return [{ alias: undefined, count: undefined }];
  return [...itemCounts(input, join.larg, ctes), ...itemCounts(input, join.rarg, ctes)];
}

function sum(counts: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const count of counts) {
    if (count === undefined) return undefined;
    total += count;
  }
  return total;
}
