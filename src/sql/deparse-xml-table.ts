// XMLTABLE as text. Manual: "xmltable" (functions-xml).
import type { Node, RangeTableFunc, TypeName } from "@pgsql/types";
import { quoteIdentifier } from "./names.ts";
import { nodeOf } from "./walk.ts";

/** Text of the parts that are not XMLTABLE's own. */
export interface ShowXmlParts {
  node(node: Node): string;
  type(type: TypeName): string;
}

/** Without LATERAL and alias. Expressions are in parentheses, for the grammar takes only simple ones here. */
export function showXmlTable(table: RangeTableFunc, show: ShowXmlParts): string {
  const namespaces = (table.namespaces ?? []).map((node) => namespace(node, show));
  const columns = (table.columns ?? []).map((node) => column(node, show));
  const prefix = namespaces.length === 0 ? "" : `XMLNAMESPACES (${namespaces.join(", ")}), `;
  const source = `(${show.node(table.rowexpr!)}) PASSING (${show.node(table.docexpr!)})`;
  return `XMLTABLE (${prefix}${source} COLUMNS ${columns.join(", ")})`;
}

function namespace(node: Node, show: ShowXmlParts): string {
  const { name, val } = nodeOf(node, "ResTarget")!;
  return name === undefined ? `DEFAULT (${show.node(val!)})` : `(${show.node(val!)}) AS ${quoteIdentifier(name)}`;
}

function column(node: Node, show: ShowXmlParts): string {
  const definition = nodeOf(node, "RangeTableFuncCol")!;
  const name = quoteIdentifier(definition.colname!);
  if (definition.for_ordinality) return `${name} FOR ORDINALITY`;
  const parts = [name, show.type(definition.typeName!)];
  if (definition.colexpr !== undefined) parts.push(`PATH (${show.node(definition.colexpr)})`);
  if (definition.coldefexpr !== undefined) parts.push(`DEFAULT (${show.node(definition.coldefexpr)})`);
  if (definition.is_not_null) parts.push("NOT NULL");
  return parts.join(" ");
}
