// FROM and WHERE of a SELECT as an input: the sharded tables in it are colocated, but what is done with the rows is not
// bound to one shard key. The shards give the columns that are needed (or, where its aggregates can be split, groups with
// partial aggregates: split-aggregates.ts); the rest of the SELECT stays, over the input instead of FROM and WHERE.
import type { SelectStmt } from "@pgsql/types";
import type { Level } from "../analysis/model.ts";
import { levelsWithin } from "../query/levels-below.ts";
import { partitionOfRows } from "../query/partition.ts";
import { targetOf, unionOf } from "../query/scatter.ts";
import { addInput, copiesOf, type Gathering, inputInFrom, isSelfContained } from "./gathering.ts";
import { determinedVariables } from "./group-dependents.ts";
import { NeededColumns } from "./needed-columns.ts";
import { column } from "./nodes.ts";
import { type Collapsed, callsHomeBelow, coverRows, rewriteAbove, rowsQuery } from "./rows-part.ts";
import { splitAggregates } from "./split-aggregates.ts";

/** False: it cannot be. Subqueries above FROM and WHERE stay in the tree, for the caller to go on with. */
export function collapseLevel(gathering: Gathering, level: Level): boolean {
  const copies = copiesOf(gathering, level);
  const isAlone = copies.every((copy) => !copy.isCorrelated && partitionOfRows(copy).kind === "partitioned");
  if (!isAlone || !isSelfContained(level) || callsHomeBelow(gathering, level)) return false;
  if ((level.node as SelectStmt).withClause !== undefined && namesCteAbove(level)) return false;
  const collapsed = splitAggregates(gathering, level) ?? gatherRows(gathering, level);
  if (collapsed === undefined) return false;

  const name = addInput(gathering, collapsed.query, collapsed.columns, unionOf(copies.map(targetOf)));
  const fromClause = [inputInFrom(name, collapsed.columns, name)];
  gathering.selects.set(level.node, { ...collapsed.final, fromClause });
  for (const copy of copies) coverRows(gathering, copy);
  return true;
}

function gatherRows(gathering: Gathering, level: Level): Collapsed | undefined {
  const statement = level.node as SelectStmt;
  const needed = new NeededColumns(gathering, level);
  const final = rewriteAbove(gathering, level, statement, (node) => needed.replace(node));
  const { columns, targets } = needed.list();
  if (final === undefined || needed.isImpossible) return undefined;
  const { distinct, hasAggregates, groupBy, windows } = level.shape;
  const isPlain = !hasAggregates && groupBy === undefined && windows.length === 0 && !level.hasVolatile;
  const isDistinct = distinct === "all" && isPlain && needed.areComparable();
  const query = rowsQuery(statement, targets, isDistinct);

  const determined = determinedVariables(level);
  const more = [...needed.variables()].filter(([variable]) => determined.has(variable)).map(([, name]) => column(name));
  if (more.length === 0) return { query, columns, final };
  return { query, columns, final: { ...final, groupClause: [...(final.groupClause ?? []), ...more] } };
}

/** A subquery above names a common table expression, which may be one that goes into the input. */
function namesCteAbove(level: Level): boolean {
  return level.sublinks.some(({ body, isAbove }) => {
    if (!isAbove) return false;
    return [...levelsWithin(body)].some(({ sources }) => {
      return sources.some((source) => source.kind === "subquery" && source.cte !== undefined);
    });
  });
}
