// ORDER BY and LIMIT of a SELECT whose select list is evaluated in the final query: the shards need not give more rows than
// could be among the first.
import type { Node, SelectStmt } from "@pgsql/types";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Level } from "../analysis/model.ts";
import type { Gathering } from "./gathering.ts";
import { withoutOffset } from "./push-level.ts";
import { isSameEverywhere } from "./same-everywhere.ts";
import type { WhereParts } from "./where-parts.ts";

/** Clauses for the input; none where every row has to be seen. */
export function firstRows(gathering: Gathering, level: Level, where: WhereParts): Partial<SelectStmt> {
  const { shape, sort, calls, hasVolatile } = level;
  const statement = level.node as SelectStmt;
  const isPerRow =
    !shape.hasAggregates && !shape.hasHaving && shape.groupBy === undefined && shape.windows.length === 0;
  const { setReturningFunctions } = gathering.input.catalog;
  const changesRows = calls.some((call) => setReturningFunctions.has(functionName(call)));
  if (!shape.hasLimit || shape.distinct !== "none" || !isPerRow || changesRows || hasVolatile) return {};
  if (where.kept !== undefined) return {};

  const limited = withoutOffset(statement);
  if (limited?.limitCount === undefined) return {};
  const sortClause: Node[] = [];
  for (const { term, node } of sort) {
    if (term.node === undefined || !isSameEverywhere(gathering, level, term.node)) return {};
    sortClause.push({ SortBy: { ...node, node: term.node } });
  }
  return {
    ...(sortClause.length === 0 ? {} : { sortClause }),
    limitCount: limited.limitCount,
    limitOption: limited.limitOption ?? "LIMIT_OPTION_COUNT",
  };
}
