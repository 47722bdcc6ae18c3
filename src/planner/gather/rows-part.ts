// A level in two parts: FROM and WHERE, which go to the shards, and the clauses above them, which stay.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { rewrite } from "../../sql/rewrite.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import { figureColumnName } from "../analysis/column-name.ts";
import type { Level } from "../analysis/model.ts";
import { functionRule } from "../functions.ts";
import { cover, type Gathering, type InputColumn } from "./gathering.ts";
import { select, target } from "./nodes.ts";

/** A level whose FROM and WHERE have become an input. */
export interface Collapsed {
  readonly query: SelectStmt;
  readonly columns: readonly InputColumn[];
  /** Without FROM. */
  readonly final: SelectStmt;
}

/** Whether FROM, WHERE or WITH call a function that belongs on the home shard. */
export function callsHomeBelow({ home }: Gathering, level: Level): boolean {
  const { fromClause, whereClause, withClause } = level.node as SelectStmt;
  let found = false;
  const nodes = [...(fromClause ?? []), ...(whereClause ? [whereClause] : []), ...(withClause?.ctes ?? [])];
  walk(nodes, (type, contents) => {
    if (type !== "FuncCall") return undefined;
    const call = contents as FuncCall;
    if (functionRule(call) !== undefined || home.has(functionName(call))) found = true;
    return undefined;
  });
  return found;
}

/** FROM and WHERE of a SELECT with other columns. */
export function rowsQuery(statement: SelectStmt, targetList: Node[], isDistinct: boolean): SelectStmt {
  const { withClause, fromClause, whereClause } = statement;
  return select({
    ...(withClause === undefined ? {} : { withClause }),
    ...(isDistinct ? { distinctClause: [{} as Node] } : {}),
    targetList,
    ...(fromClause === undefined ? {} : { fromClause }),
    ...(whereClause === undefined ? {} : { whereClause }),
  });
}

/** The clauses above FROM and WHERE, rewritten, every column with its name. undefined: its columns are not known. */
export function rewriteAbove(
  gathering: Gathering,
  level: Level,
  statement: SelectStmt,
  replace: (node: Node) => Node | undefined,
): SelectStmt | undefined {
  const { withClause: _with, fromClause: _from, whereClause: _where, targetList, ...above } = statement;
  const targets = expandedTargets(gathering, level, targetList ?? []);
  if (targets === undefined) return undefined;
  const whole: Node = { SelectStmt: { ...above, targetList: targets } };
  return nodeOf(rewrite(whole, replace), "SelectStmt");
}

/** The select list with `*` written out. */
function expandedTargets({ analysis }: Gathering, level: Level, targets: readonly Node[]): Node[] | undefined {
  const { outputs } = level;
  if (outputs === undefined) return undefined;
  const hasStar = targets.some((node) => {
    const reference = nodeOf(nodeOf(node, "ResTarget")?.val, "ColumnRef");
    const resolution = reference && analysis.resolutions.get(reference);
    return resolution?.kind === "star" || (resolution?.kind === "row" && resolution.isStar);
  });
  if (hasStar) return outputs.map((output) => target(output.expression!, output.name));
  return targets.map((node) => {
    const { val, name } = nodeOf(node, "ResTarget")!;
    return target(val!, name ?? figureColumnName(val));
  });
}

/** Notes that the tables of FROM and WHERE are not read by the final query. */
export function coverRows(gathering: Gathering, level: Level): void {
  for (const source of level.sources) {
    if (source.kind === "table") gathering.covered.add(source);
    if (source.kind === "subquery") cover(gathering, source.body);
  }
  for (const sublink of level.sublinks) if (!sublink.isAbove) cover(gathering, sublink.body);
}
