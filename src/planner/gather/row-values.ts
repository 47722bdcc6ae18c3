// The row of a table as one value: an input's row has the same columns, but not the table's type. Functions that look only
// at names and values of its columns do not see the difference; everything else is refused.
import type { ColumnRef, FuncCall, Node } from "@pgsql/types";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import { refuse } from "../refuse.ts";
import type { Gathering } from "./gathering.ts";

const harmless = new Set(["count", "json_agg", "jsonb_agg", "row_to_json", "to_json", "to_jsonb"]);

export function checkRowValues({ input, analysis, fromItems }: Gathering): void {
  const allowed = new Set<object>();
  const allow = (nodes: readonly (Node | undefined)[]): void => {
    for (const node of nodes) {
      const reference = nodeOf(node, "ColumnRef");
      if (reference !== undefined) allowed.add(reference);
    }
  };
  walk(input.statement.tree, (type, contents) => {
    if (type === "FuncCall" && harmless.has(functionName(contents as FuncCall)))
      allow((contents as FuncCall).args ?? []);
    if (type === "NullTest") allow([(contents as { arg?: Node }).arg]);
    if (type === "ResTarget" || type === "RowExpr") {
      const { val, args } = contents as { val?: Node; args?: Node[] };
      allow([val, ...(args ?? [])].filter((node) => isStar(nodeOf(node, "ColumnRef"))));
    }
    return undefined;
  });
  for (const [reference, resolution] of analysis.resolutions) {
    if (resolution.kind !== "row" || resolution.source === undefined || allowed.has(reference)) continue;
    const { source } = resolution;
    if (source.kind === "table" && fromItems.has(source.node)) throw refuse("SG006", source.alias ?? "");
  }
}

function isStar(reference: ColumnRef | undefined): boolean {
  return nodeOf(reference?.fields?.at(-1), "A_Star") !== undefined;
}
