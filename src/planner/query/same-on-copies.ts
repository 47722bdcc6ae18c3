// Whether UPDATE or DELETE does the same to every copy of a reference table: rows may lie in another order in each.
import type { FuncCall, Node } from "@pgsql/types";
import { rewrite } from "../../sql/rewrite.ts";
import { nodeOf } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import { classesOf } from "../analysis/classes.ts";
import type { Analysis, TableSource } from "../analysis/model.ts";

/** Aggregates whose result depends on the order of rows. */
const ordered = new Set([
  "array_agg",
  "json_agg",
  "jsonb_agg",
  "json_object_agg",
  "jsonb_object_agg",
  "string_agg",
  "xmlagg",
]);

/** Subqueries whose result may depend on the order of rows. */
export function findUnstable({ levels }: Analysis): string | undefined {
  for (const level of levels) {
    if (level.shape.hasLimit) return "LIMIT in a subquery";
    if (typeof level.shape.distinct === "object") return "DISTINCT ON in a subquery";
    for (const call of level.aggregates as FuncCall[]) {
      if (ordered.has(functionName(call)) && call.agg_order === undefined)
        return `${functionName(call)}() without ORDER BY`;
    }
  }
  return undefined;
}

/** A table in FROM of which several rows may match one row of the target: which of them is used is up to chance. */
export function mayMatchSeveral({ root }: Analysis, target: TableSource): string | undefined {
  const classes = classesOf(root.region, "own");
  for (const source of root.sources) {
    if (source === target) continue;
    const key = source.kind === "table" ? source.relation?.primaryKey : undefined;
    const isUnique = key?.every((name) => {
      const position =
        source.kind === "table" ? source.relation!.columns.findIndex((column) => column.name === name) : -1;
      const variable = source.columns?.[position]?.variable;
      if (variable === undefined) return false;
      const isConstant = classes
        .valuesOf(variable)
        .some((values) => values.kind === "list" && values.sources.length === 1);
      return isConstant || target.columns?.some((column) => classes.areEqual(column.variable, variable)) === true;
    });
    if (isUnique !== true) return source.alias ?? "a subquery";
  }
  return undefined;
}

/** The tree with every sublink replaced by what is in it. */
export function withoutSublinks(root: Node): Node {
  return rewrite(root, (node) => {
    const sublink = nodeOf(node, "SubLink");
    if (sublink === undefined) return undefined;
    const items = [sublink.testexpr, sublink.subselect].flatMap((part) => (part ? [withoutSublinks(part)] : []));
    return { List: { items } };
  });
}
