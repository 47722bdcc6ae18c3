// A relation that the gateway answers, written into the query as VALUES.
import type { Node } from "@pgsql/types";
import { quoteIdentifier } from "../../sql/names.ts";
import { parse } from "../../sql/parse.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { GatewayRelation } from "../plan-input.ts";

/** As an item of FROM under the alias; `names` rename its first columns. */
export function gatewayRows({ columns, rowsSql }: GatewayRelation, alias: string, names: readonly string[]): Node {
  const shown = columns.map(({ name, typeName }, index) => {
    return `${quoteIdentifier(`c${index}`)}::${typeName} AS ${quoteIdentifier(names[index] ?? name)}`;
  });
  const inner = columns.map((_, index) => quoteIdentifier(`c${index}`)).join(", ");
  const noRow = columns.map(() => "NULL").join(", ");
  const values = rowsSql === "" ? `(SELECT ${noRow} WHERE false)` : `(VALUES ${rowsSql})`;
  const sql = `SELECT ${shown.join(", ")} FROM ${values} AS rows(${inner})`;
  const subquery = nodeOf(parse(sql)[0]?.tree, "SelectStmt")!;
  return { RangeSubselect: { subquery: { SelectStmt: subquery }, alias: { aliasname: alias } } };
}
