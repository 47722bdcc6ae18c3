// Whether two expressions are the same to PostgreSQL: equal trees, places in the text aside, whose columns are the same
// variables however they are written.
import type { ColumnRef, Node } from "@pgsql/types";
import type { Analysis } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";

/** A text that is equal for the same expressions. */
export function expressionKey(analysis: Analysis, expression: Node, numbers: Map<Variable, number>): string {
  return JSON.stringify(expression, function (this: unknown, key: string, value: unknown) {
    if (key === "location" || key === "rexpr_list_start" || key === "rexpr_list_end") return undefined;
    if (key !== "ColumnRef") return value;
    const resolution = analysis.resolutions.get(value as ColumnRef);
    if (resolution?.kind !== "column") return value;
    let number = numbers.get(resolution.variable);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(resolution.variable, number);
    }
    return number;
  });
}
