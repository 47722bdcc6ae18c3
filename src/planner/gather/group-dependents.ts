// GROUP BY a primary key lets the other columns of its table stand without being grouped. An input has no primary key, so
// they are grouped as well, which changes nothing: check_functional_grouping of pg_constraint.c.
import type { Level } from "../analysis/model.ts";
import type { Variable } from "../analysis/variable.ts";

/** Columns that GROUP BY does not name, but whose values it determines. */
export function determinedVariables({ sources, shape }: Level): ReadonlySet<Variable> {
  const determined = new Set<Variable>();
  const terms = shape.groupBy?.flatMap(({ variable }) => variable ?? []) ?? [];
  if (terms.length === 0 || shape.hasGroupingSets) return determined;
  for (const source of sources) {
    if (source.kind !== "table" || source.columns === undefined) continue;
    const { relation, columns } = source;
    const key = relation?.primaryKey?.map((name) => {
      return columns[relation.columns.findIndex((column) => column.name === name)]?.variable;
    });
    if (key === undefined || !key.every((variable) => variable !== undefined && terms.includes(variable))) continue;
    for (const { variable } of columns) if (!terms.includes(variable)) determined.add(variable);
  }
  return determined;
}
