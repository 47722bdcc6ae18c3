// A level in two parts: FROM and WHERE, which go to the shards, and the clauses above them, which stay.
import type { Node, SelectStmt } from "@pgsql/types";
import { rewrite } from "../../sql/rewrite.ts";
import { nodeOf } from "../../sql/walk.ts";
import { figureColumnName } from "../analysis/column-name.ts";
import type { Level } from "../analysis/model.ts";
import type { Gathering, InputColumn } from "./gathering.ts";
import { select, target } from "./nodes.ts";
import type { WhereParts } from "./where-parts.ts";

/** A level whose FROM and WHERE have become an input. */
export interface Collapsed {
  readonly query: SelectStmt;
  readonly columns: readonly InputColumn[];
  /** Without FROM. */
  readonly final: SelectStmt;
}

/** FROM and WHERE as they go to the shards, with other columns. */
export function rowsQuery({ withClause, fromClause }: SelectStmt, split: WhereParts, targetList: Node[]): SelectStmt {
  return select({
    ...(withClause === undefined ? {} : { withClause }),
    targetList,
    ...(fromClause === undefined ? {} : { fromClause }),
    ...(split.pushed === undefined ? {} : { whereClause: split.pushed }),
  });
}

/** What stays of a SELECT, rewritten, every column with its name. undefined: its columns are not known. */
export function rewriteAbove(
  gathering: Gathering,
  level: Level,
  statement: SelectStmt,
  split: WhereParts,
  replace: (node: Node) => Node | undefined,
): SelectStmt | undefined {
  const { withClause: _with, fromClause: _from, whereClause: _where, targetList, ...above } = statement;
  const targets = expandedTargets(gathering, level, targetList ?? []);
  if (targets === undefined) return undefined;
  const where = split.kept === undefined ? {} : { whereClause: split.kept };
  const whole: Node = { SelectStmt: { ...above, ...where, targetList: targets } };
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
