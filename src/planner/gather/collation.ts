// Values that travel between shards arrive with the default collation of their type. What had another one gets it back.
import type { Node } from "@pgsql/types";
import { firstUserOid, oid } from "../../pgwire/oid.ts";
import { parseQualifiedName } from "../../sql/names.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { expressionType } from "../analysis/expression-type.ts";
import type { Analysis } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";

/** undefined: the default of its type. Else the name for COLLATE. */
export type Collation = readonly Node[] | undefined | "unknown";

const collatable: readonly number[] = [oid.text, oid.varchar, oid.bpchar];

export function collationOf(analysis: Analysis, expression: Node): Collation {
  const explicit = nodeOf(expression, "CollateClause");
  if (explicit !== undefined) return explicit.collname ?? "unknown";
  const reference = nodeOf(expression, "ColumnRef");
  const resolution = reference && analysis.resolutions.get(reference);
  if (resolution?.kind === "column") return collationOfVariable(resolution.variable);
  if (!mayHaveCollation(expressionType(analysis, expression))) return undefined;
  let isDefault = true;
  walk(expression, (type, contents) => {
    if (type === "CollateClause" || type === "SubLink") isDefault = false;
    if (type === "ColumnRef") {
      const inner = analysis.resolutions.get(contents);
      if (inner?.kind !== "column" || collationOfVariable(inner.variable) !== undefined) isDefault = false;
    }
    return undefined;
  });
  return isDefault ? undefined : "unknown";
}

export function collationOfVariable({ column, typeOid }: Variable): Collation {
  if (column === undefined) return mayHaveCollation(typeOid) ? "unknown" : undefined;
  return column.collation === undefined ? undefined : collationName(column.collation);
}

/** `name` as SQL: quoted, with its schema. */
export function collationName(name: string): readonly Node[] {
  return parseQualifiedName(name).map((sval) => ({ String: { sval } }));
}

export function collated(expression: Node, collation: Collation): Node {
  return typeof collation === "object" ? { CollateClause: { arg: expression, collname: [...collation] } } : expression;
}

/** Types made by users may be over text (citext, domains). */
function mayHaveCollation(typeOid: number | undefined): boolean {
  return typeOid === undefined || collatable.includes(typeOid) || typeOid >= firstUserOid;
}
