// What stands in GROUP BY, DISTINCT ON, PARTITION BY and ORDER BY: an expression, the number of a column, or its name.
// findTargetlistEntrySQL92 of parse_clause.c.
import type { Node } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { analyzeExpression, type Place } from "./analyze-expression.ts";
import { type Context, constantInteger } from "./context.ts";
import { variableOf } from "./facts.ts";
import type { Level, Term } from "./model.ts";

export interface GroupTerms {
  /** Outside of grouping sets. */
  readonly terms: Term[];
  readonly byNode: Map<Node, Term>;
  readonly hasSets: boolean;
}

/** undefined: no GROUP BY. */
export function groupTerms(
  context: Context,
  place: Place,
  clause: readonly Node[] | undefined,
): GroupTerms | undefined {
  if (clause === undefined) return undefined;
  const byNode = new Map<Node, Term>();
  const terms: Term[] = [];
  let hasSets = false;
  for (const node of clause) {
    if ("GroupingSet" in node) hasSets = true;
    for (const leaf of leavesOf(node)) {
      const term = groupTerm(context, place, leaf);
      byNode.set(leaf, term);
      if (!("GroupingSet" in node)) terms.push(term);
    }
  }
  return { terms, byNode, hasSets };
}

/** Expressions in a grouping set. `(a, b)` stands for two, `ROW (a, b)` for one. */
function leavesOf(node: Node): readonly Node[] {
  const row = nodeOf(node, "RowExpr");
  if (row?.row_format === "COERCE_IMPLICIT_CAST") return row.args ?? [];
  const set = nodeOf(node, "GroupingSet");
  return set === undefined ? [node] : (set.content ?? []).flatMap(leavesOf);
}

/** The name of a column of FROM comes before the name of an output. */
function groupTerm(context: Context, place: Place, node: Node): Term {
  const name = bareName(node);
  const visible = place.scope.items.filter((item) => item.areColumnsVisible);
  const isColumn = visible.some((item) => item.columns?.some((column) => column.name === name));
  if (name !== undefined && !isColumn) {
    const output = outputNamed(place.level, name);
    // A source with unknown columns may have one of that name.
    if (output !== undefined && visible.some((item) => item.columns === undefined))
      return { variable: undefined, node };
    if (output !== undefined) return output;
  }
  return expressionTerm(context, place, node);
}

/** `namesOutputs`: the name of an output comes before the name of a column of FROM (false: it means nothing). */
export function outputTerms(context: Context, place: Place, nodes: readonly Node[], namesOutputs = true): Term[] {
  return nodes.map((node) => {
    const name = namesOutputs ? bareName(node) : undefined;
    const output = name === undefined ? undefined : outputNamed(place.level, name);
    return output ?? expressionTerm(context, place, node, namesOutputs);
  });
}

function expressionTerm(context: Context, place: Place, node: Node, numbersOutputs = true): Term {
  const number = numbersOutputs ? constantInteger(node) : undefined;
  if (number !== undefined) {
    context.literals.areRead = true;
    const output = place.level.outputs?.[number - 1];
    return { variable: output?.variable, node: output?.expression };
  }
  // Walked already where it is part of an expression; a second time does no harm.
  if (place.level.kind !== "set-operation") analyzeExpression(context, place, node);
  return { variable: variableOf(context, node), node };
}

function outputNamed({ outputs }: Level, name: string): Term | undefined {
  const output = outputs?.find((each) => each.name === name);
  return output && { variable: output.variable, node: output.expression };
}

function bareName(node: Node): string | undefined {
  const fields = nodeOf(node, "ColumnRef")?.fields;
  return fields?.length === 1 ? nodeOf(fields[0], "String")?.sval : undefined;
}
