// The columns that come out of a select list or RETURNING, `*` expanded.
import type { Node } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { Place } from "./analyze-expression.ts";
import { figureColumnName } from "./column-name.ts";
import type { Context } from "./context.ts";
import { expressionType } from "./expression-type.ts";
import { variableOf } from "./facts.ts";
import type { Level, Output } from "./model.ts";
import { noteUse, type VisibleColumn } from "./scope.ts";

/** The targets must have been walked. `star`: the columns of `*`. undefined: not known. */
export function selectOutputs(
  context: Context,
  { scope, level }: Place,
  targets: readonly Node[],
  star: readonly VisibleColumn[] | undefined,
): readonly Output[] | undefined {
  const outputs: Output[] = [];
  for (const node of targets) {
    const target = nodeOf(node, "ResTarget");
    const reference = nodeOf(target?.val, "ColumnRef");
    const resolution = reference && context.resolutions.get(reference);
    const isStar = resolution?.kind === "star" || (resolution?.kind === "row" && resolution.isStar);
    if (!isStar) {
      const isUnknownStar = reference !== undefined && nodeOf(reference.fields?.at(-1), "A_Star") !== undefined;
      if (target === undefined || isUnknownStar || isRowExpansion(target.val)) return undefined;
      outputs.push({
        name: target.name ?? figureColumnName(target.val),
        variable: variableOf(context, target.val),
        typeOid: expressionType(context, target.val),
        expression: target.val,
      });
      continue;
    }
    const columns = resolution.kind === "star" ? star : columnsOfStar(scope.items, reference!);
    if (resolution.kind === "star") {
      for (const item of scope.items) if (item.source) item.source.uses.all = true;
    }
    if (columns === undefined) return undefined;
    for (const column of columns) {
      noteUse(column);
      const { name, variable } = column;
      outputs.push({ name, variable, typeOid: variable.typeOid, expression: referenceTo(context, column, level) });
    }
  }
  return outputs;
}

/** The column of `*` as an expression of its own. */
function referenceTo(context: Context, { reference, variable, origins }: VisibleColumn, level: Level): Node {
  const node = { fields: reference.map((name) => ({ String: { sval: name } })) };
  context.resolutions.set(node, { kind: "column", variable, source: origins[0]?.source, level });
  return { ColumnRef: node };
}

/** `(row).*` */
function isRowExpansion(node: Node | undefined): boolean {
  const indirection = nodeOf(node, "A_Indirection")?.indirection;
  return nodeOf(indirection?.at(-1), "A_Star") !== undefined;
}

function columnsOfStar(
  items: Place["scope"]["items"],
  reference: { fields?: Node[] },
): readonly VisibleColumn[] | undefined {
  const names = (reference.fields ?? []).flatMap((field) => nodeOf(field, "String")?.sval ?? []);
  return items.find((item) => item.isRelationVisible && item.alias === names.at(-1))?.columns;
}
