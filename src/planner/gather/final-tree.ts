// The client's tree with the inputs in the place of what they stand for.
import type { CommonTableExpr, Node, SelectStmt } from "@pgsql/types";
import { assert } from "../../base/assert.ts";
import { rewrite, rewriteBelow } from "../../sql/rewrite.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { Gathering } from "./gathering.ts";

export function finalTree(gathering: Gathering, tree: Node): Node {
  const rewritten = nodeOf(rewrite(tree, replacer(gathering)), "SelectStmt");
  assert(rewritten, "only queries are gathered");
  return { SelectStmt: withInputs(rewritten, gathering.ctes) };
}

function withInputs(statement: SelectStmt, inputs: readonly CommonTableExpr[]): SelectStmt {
  if (inputs.length === 0) return statement;
  const ctes: Node[] = inputs.map((input) => ({ CommonTableExpr: input }));
  const { withClause } = statement;
  return { ...statement, withClause: { ...withClause, ctes: [...ctes, ...(withClause?.ctes ?? [])] } };
}

function replacer(gathering: Gathering): (node: Node) => Node | undefined {
  const { selects, groups, fromItems, analysis } = gathering;
  const replace = (node: Node): Node | undefined => {
    const select = nodeOf(node, "SelectStmt");
    if (select !== undefined) {
      const replaced = selects.get(select) ?? withGroups(select, groups.get(select));
      return replaced && rewriteBelow({ SelectStmt: replaced }, replace);
    }
    const range = nodeOf(node, "RangeVar") ?? nodeOf(nodeOf(node, "RangeTableSample")?.relation, "RangeVar");
    if (range !== undefined) {
      const item = fromItems.get(range);
      return item && rewriteBelow(item, replace);
    }
    const reference = nodeOf(node, "ColumnRef");
    const fields = reference?.fields ?? [];
    if (reference === undefined || fields.length < 3) return undefined;
    // schema.table.column of a table that is an input now.
    const resolution = analysis.resolutions.get(reference);
    const source = resolution !== undefined && "source" in resolution ? resolution.source : undefined;
    if (source?.kind !== "table" || !fromItems.has(source.node)) return undefined;
    return { ColumnRef: { fields: fields.slice(-2) } };
  };
  return replace;
}

function withGroups(select: SelectStmt, more: readonly Node[] | undefined): SelectStmt | undefined {
  return more && { ...select, groupClause: [...(select.groupClause ?? []), ...more] };
}
