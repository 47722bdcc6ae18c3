// The columns of a join: those merged by USING or NATURAL first, then the others of the left and of the right side.
import type { JoinExpr } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { Region } from "./region.ts";
import { noteUse, type VisibleColumn } from "./scope.ts";
import type { Variable } from "./variable.ts";

export interface MergedColumn {
  readonly visible: VisibleColumn;
  readonly left: Variable;
  readonly right: Variable;
}

interface Merged {
  readonly columns: readonly MergedColumn[];
  readonly names: ReadonlySet<string>;
  /** False: NATURAL or USING over columns that are not known. */
  readonly isKnown: boolean;
}

interface Side {
  readonly columns: readonly VisibleColumn[] | undefined;
}

export function mergeColumns(
  join: JoinExpr,
  type: "inner" | "left" | "right" | "full",
  left: Side,
  right: Side,
  region: Region,
): Merged {
  const using = (join.usingClause ?? []).flatMap((name) => nodeOf(name, "String")?.sval ?? []);
  if (!join.isNatural && using.length === 0) return { columns: [], names: new Set(), isKnown: true };
  if (left.columns === undefined || right.columns === undefined) {
    for (const column of [...(left.columns ?? []), ...(right.columns ?? [])]) noteUse(column);
    return { columns: [], names: new Set(), isKnown: false };
  }
  // NATURAL depends on the names of all columns.
  if (join.isNatural) for (const column of [...left.columns, ...right.columns]) noteUse(column);
  const rightNames = new Set(right.columns.map((column) => column.name));
  const names = join.isNatural
    ? left.columns.map((column) => column.name).filter((name) => rightNames.has(name))
    : using;
  const columns: MergedColumn[] = [];
  for (const name of names) {
    const leftColumn = left.columns.find((column) => column.name === name);
    const rightColumn = right.columns.find((column) => column.name === name);
    if (leftColumn === undefined || rightColumn === undefined) return { columns: [], names: new Set(), isKnown: false };
    noteUse(leftColumn);
    noteUse(rightColumn);
    const variable = mergedVariable(type, leftColumn.variable, rightColumn.variable, region);
    columns.push({
      visible: { name, variable, reference: [name], origins: [...leftColumn.origins, ...rightColumn.origins] },
      left: leftColumn.variable,
      right: rightColumn.variable,
    });
  }
  return { columns, names: new Set(names), isKnown: true };
}

export function otherColumns(
  merged: Merged,
  left: readonly VisibleColumn[] | undefined,
  right: readonly VisibleColumn[] | undefined,
): readonly VisibleColumn[] | undefined {
  if (!merged.isKnown || left === undefined || right === undefined) return undefined;
  const isOther = (column: VisibleColumn): boolean => !merged.names.has(column.name);
  return [...merged.columns.map((column) => column.visible), ...left.filter(isOther), ...right.filter(isOther)];
}

/** The side that is never NULL-extended; of FULL JOIN, a variable of its own. */
function mergedVariable(
  type: "inner" | "left" | "right" | "full",
  left: Variable,
  right: Variable,
  region: Region,
): Variable {
  const side = type === "right" ? right : left;
  if (type !== "full" && left.typeOid === right.typeOid) return side;
  const isSameFamily = left.family === right.family;
  const variable: Variable = {
    name: left.name,
    typeOid: left.typeOid === right.typeOid ? left.typeOid : undefined,
    family: isSameFamily ? left.family : undefined,
    region,
    column: undefined,
  };
  // A fact about a side that an outer join has made NULL would say that it has not.
  if (type !== "full" && variable.family !== undefined && side.region === region) {
    region.facts.push({ kind: "equal", left: variable, right: side });
  }
  return variable;
}
