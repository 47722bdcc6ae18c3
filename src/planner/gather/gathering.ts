// The state of planning one gather: which parts of the tree have become inputs, and what stands in their place.
import type { CommonTableExpr, Node, SelectStmt } from "@pgsql/types";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Analysis, Level, TableSource } from "../analysis/model.ts";
import { functionRule } from "../functions.ts";
import type { GatherInput, Target } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { sqlOf } from "../plan-rows.ts";
import { levelsWithin, tablesWithin } from "../query/levels-below.ts";
import { isLossless, type Lost, restored } from "./lost-on-the-way.ts";
import { column, rangeSubselect, rangeVar, select, target } from "./nodes.ts";

export interface Gathering {
  readonly input: PlanInput;
  readonly analysis: Analysis;
  /** Functions made by users that must run on the home shard. */
  readonly home: ReadonlySet<string>;
  /** In front of every name that the planner makes up; occurs nowhere in the statement. */
  readonly prefix: string;
  readonly inputs: GatherInput[];
  readonly ctes: CommonTableExpr[];
  /** What stands in the place of a SelectStmt, or of a RangeVar (or the sample of one) in FROM, by the inside of the node. */
  readonly selects: Map<object, SelectStmt>;
  readonly fromItems: Map<object, Node>;
  /** What GROUP BY of a SelectStmt gets in addition. */
  readonly groups: Map<object, readonly Node[]>;
  /** Statements that have been looked at. */
  readonly visited: Set<object>;
  /** Tables that the final query no longer reads. */
  readonly covered: Set<TableSource>;
}

export function newGathering(input: PlanInput, analysis: Analysis, home: ReadonlySet<string>): Gathering {
  let prefix = "shardgres_";
  while (input.statement.text.includes(prefix)) prefix += "_";
  const lists = {
    inputs: [],
    ctes: [],
    selects: new Map(),
    fromItems: new Map(),
    groups: new Map(),
    visited: new Set<object>(),
    covered: new Set<TableSource>(),
  };
  return { input, analysis, home, prefix, ...lists };
}

/** A column of an input: its name in the final query, and what it must get back there. */
export interface InputColumn {
  readonly name: string;
  readonly lost: Lost;
}

/** Adds an input; returns its name. Equal queries share one, so that expressions over them stay equal too. */
export function addInput(
  gathering: Gathering,
  query: SelectStmt,
  columns: readonly InputColumn[],
  from: Target,
): string {
  const { inputs, ctes, prefix } = gathering;
  const made = { target: from, sql: sqlOf({ SelectStmt: query }), columns: columns.map((each) => each.name) };
  const known = inputs.find(({ name: _, ...input }) => JSON.stringify(input) === JSON.stringify(made));
  if (known !== undefined) return known.name;
  const name = `${prefix}g${inputs.length + 1}`;
  inputs.push({ name, ...made });
  const marker = select({ targetList: [target({ A_Const: { sval: { sval: `shardgres:${name}` } } })] });
  ctes.push({
    ctename: name,
    aliascolnames: columns.map((each) => ({ String: { sval: each.name } })),
    ctematerialized: "CTEMaterializeDefault",
    ctequery: { SelectStmt: marker },
  });
  return name;
}

/** The input in FROM, under an alias; a subselect where something must be put back. */
export function inputInFrom(
  name: string,
  columns: readonly InputColumn[],
  alias: string,
  names?: readonly string[],
): Node {
  const isPlain = columns.every(({ lost }) => isLossless(lost));
  if (isPlain && names === undefined) return rangeVar(name, alias === name ? {} : { alias: { aliasname: alias } });
  const targetList = columns.map((each) => {
    const value = restored(column(each.name), each.lost);
    return isLossless(each.lost) ? target(value) : target(value, each.name);
  });
  return rangeSubselect(select({ targetList, fromClause: [rangeVar(name)] }), alias, names);
}

export function cover(gathering: Gathering, level: Level): void {
  for (const table of tablesWithin(level)) gathering.covered.add(table);
}

/** Every copy of the level: common table expressions and views that are named several times have as many. */
export function copiesOf({ analysis }: Gathering, level: Level): readonly Level[] {
  return analysis.levels.filter((each) => each.node === level.node);
}

/** Whether part of a tree calls a function that belongs on the home shard. */
export function callsHome({ home }: Gathering, level: Level): boolean {
  for (const { calls } of levelsWithin(level)) {
    if (calls.some((call) => functionRule(call) !== undefined || home.has(functionName(call)))) return true;
  }
  return false;
}
