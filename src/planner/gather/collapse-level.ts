// FROM and WHERE of a SELECT as an input: the sharded tables in it are colocated, but what is done with the rows is not
// bound to one shard key. The shards give the columns that are needed (or, where its aggregates can be split, groups with
// partial aggregates: split-aggregates.ts); the rest of the SELECT stays, over the input instead of FROM and WHERE.
import type { Node, SelectStmt } from "@pgsql/types";
import type { Level, Sublink } from "../analysis/model.ts";
import { partitionOfFrom } from "../query/partition.ts";
import { targetOf, unionOf } from "../query/scatter.ts";
import { firstRows } from "./first-rows.ts";
import { addInput, copiesOf, cover, type Gathering, inputInFrom } from "./gathering.ts";
import { determinedVariables } from "./group-dependents.ts";
import { NeededColumns } from "./needed-columns.ts";
import { namesCte, neededCtes, withCtes } from "./needed-ctes.ts";
import { column } from "./nodes.ts";
import { type Collapsed, rewriteAbove, rowsQuery } from "./rows-part.ts";
import { splitAggregates } from "./split-aggregates.ts";
import { callsElsewhere, type WhereParts, whereParts } from "./where-parts.ts";

/** The subqueries that stay in the tree, for the caller to go on with. undefined: the level cannot be collapsed. */
export function collapseLevel(gathering: Gathering, level: Level): readonly Sublink[] | undefined {
  const copies = copiesOf(gathering, level);
  const statement = level.node as SelectStmt;
  const { withClause, fromClause } = statement;
  const isAlone = copies.every((copy) => !copy.isCorrelated && partitionOfFrom(copy).kind === "partitioned");
  if (!isAlone || callsElsewhere(gathering, [...(fromClause ?? []), ...(withClause?.ctes ?? [])])) return undefined;

  const where = whereParts(gathering, level, copies);
  const kept = level.sublinks.filter((each) => each.part === "above" || where.keptSublinks.includes(each));
  const collapsed = splitAggregates(gathering, level, where) ?? gatherRows(gathering, level, where);
  const ctes = neededCtes(pushedLevels(level, kept), withClause);
  if (collapsed === undefined || ctes === undefined) return undefined;

  const query = withCtes(collapsed.query, ctes);
  const name = addInput(gathering, query, collapsed.columns, unionOf(copies.map(targetOf)));
  gathering.selects.set(level.node, {
    ...collapsed.final,
    ...(withClause !== undefined && kept.some(({ body }) => namesCte(body)) ? { withClause } : {}),
    fromClause: [inputInFrom(name, collapsed.columns, name)],
  });
  for (const copy of copies) coverPushed(gathering, copy, kept);
  return kept;
}

function gatherRows(gathering: Gathering, level: Level, where: WhereParts): Collapsed | undefined {
  const statement = level.node as SelectStmt;
  const needed = new NeededColumns(gathering, level);
  const final = rewriteAbove(gathering, level, statement, where, (node) => needed.replace(node));
  const { columns, targets } = needed.list();
  if (final === undefined || needed.isImpossible) return undefined;
  const { distinct, hasAggregates, groupBy, windows } = level.shape;
  const isPlain = !hasAggregates && groupBy === undefined && windows.length === 0 && !level.hasVolatile;
  const isDistinct = distinct === "all" && isPlain && needed.areComparable();
  const rows = { ...rowsQuery(statement, where, targets), ...firstRows(gathering, level, where) };
  const query = isDistinct ? { ...rows, distinctClause: [{} as Node] } : rows;

  const determined = determinedVariables(level);
  const more = [...needed.variables()].filter(([variable]) => determined.has(variable)).map(([, name]) => column(name));
  if (more.length === 0) return { query, columns, final };
  return { query, columns, final: { ...final, groupClause: [...(final.groupClause ?? []), ...more] } };
}

/** The levels that go into the input, as far as they are below this one. */
function pushedLevels(level: Level, kept: readonly Sublink[]): Level[] {
  const sublinks = level.sublinks.filter((each) => !kept.includes(each));
  return [{ ...level, sublinks, branches: [], writes: [] }];
}

function coverPushed(gathering: Gathering, level: Level, kept: readonly Sublink[]): void {
  const nodes = new Set(kept.map(({ node }) => node));
  for (const source of level.sources) {
    if (source.kind === "table") gathering.covered.add(source);
    if (source.kind === "subquery") cover(gathering, source.body);
  }
  for (const { node, body } of level.sublinks) if (!nodes.has(node)) cover(gathering, body);
}
