// The columns of a function in FROM, where they are plain to see: a column definition list, or one of the built-in
// functions that return single values.
import type { RangeFunction } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { SourceColumn } from "./model.ts";
import type { Region } from "./region.ts";
import { typeOidOf } from "./type-name.ts";
import { outputVariable } from "./variable.ts";

/** Built-in functions whose only column bears the alias of the item. */
const singleColumn = new Set([
  "generate_series",
  "generate_subscripts",
  "json_object_keys",
  "jsonb_object_keys",
  "regexp_matches",
  "regexp_split_to_table",
  "string_to_table",
  "unnest",
]);

/** `columns` undefined: not known. */
export function functionColumns(
  { functions, alias, ordinality, coldeflist, is_rowsfrom }: RangeFunction,
  region: Region,
): { readonly alias: string | undefined; readonly columns: readonly SourceColumn[] | undefined } {
  const items = nodeOf(functions?.[0], "List")?.items ?? [];
  const call = nodeOf(items[0], "FuncCall");
  const name = nodeOf(call?.funcname?.at(-1), "String")?.sval;
  const visibleAlias = alias?.aliasname ?? name;
  const names = (alias?.colnames ?? []).map((each) => nodeOf(each, "String")?.sval ?? "");
  if (is_rowsfrom || functions?.length !== 1) return { alias: alias?.aliasname, columns: undefined };

  const defined = (coldeflist ?? []).flatMap((node) => nodeOf(node, "ColumnDef") ?? []);
  let columns: SourceColumn[] | undefined;
  if (defined.length > 0) {
    columns = defined.map((column, index) =>
      sourceColumn(names[index] ?? column.colname ?? "", typeOidOf(column.typeName), region),
    );
  } else if (name !== undefined && singleColumn.has(name) && (name !== "unnest" || call?.args?.length === 1)) {
    columns = [sourceColumn(names[0] ?? visibleAlias ?? name, undefined, region)];
  }
  if (columns !== undefined && ordinality) {
    columns.push(sourceColumn(names[columns.length] ?? "ordinality", 20, region));
  }
  return { alias: visibleAlias, columns };
}

function sourceColumn(name: string, typeOid: number | undefined, region: Region): SourceColumn {
  return { name, variable: outputVariable(name, typeOid, region) };
}
