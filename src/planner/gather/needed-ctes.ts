// The common table expressions that a part of a query names, but that are defined around it: to stand alone, it needs them.
import type { CommonTableExpr, Node, SelectStmt } from "@pgsql/types";
import type { Level } from "../analysis/model.ts";
import { levelsWithin } from "../query/levels-below.ts";

/** In the order of their definition; undefined: two of them have one name, or one must be evaluated only once. */
export function neededCtes(levels: readonly Level[], own: SelectStmt["withClause"]): readonly Node[] | undefined {
  const defined = new Set<object>(definitions(own));
  const used = new Map<CommonTableExpr, boolean>();
  for (const each of levels.flatMap((level) => [...levelsWithin(level)])) {
    for (const cte of definitions((each.node as SelectStmt).withClause)) defined.add(cte);
    for (const source of each.sources) {
      if (source.kind === "subquery" && source.cte !== undefined) used.set(source.cte, source.body.hasVolatile);
    }
  }
  const needed = [...used.keys()].filter((cte) => !defined.has(cte));
  if (needed.some((cte) => used.get(cte))) return undefined;
  needed.sort((left, right) => (left.location ?? 0) - (right.location ?? 0));
  const names = [...needed, ...definitions(own)].map(({ ctename }) => ctename);
  return new Set(names).size === names.length ? needed.map((cte) => ({ CommonTableExpr: cte })) : undefined;
}

/** The statement with these in front of its own. */
export function withCtes(statement: SelectStmt, ctes: readonly Node[]): SelectStmt {
  if (ctes.length === 0) return statement;
  const { withClause } = statement;
  return { ...statement, withClause: { ...withClause, ctes: [...ctes, ...(withClause?.ctes ?? [])] } };
}

export function namesCte(level: Level): boolean {
  for (const { sources } of levelsWithin(level)) {
    if (sources.some((source) => source.kind === "subquery" && source.cte !== undefined)) return true;
  }
  return false;
}

function definitions(clause: SelectStmt["withClause"]): CommonTableExpr[] {
  return (clause?.ctes ?? []).flatMap((node) => ("CommonTableExpr" in node ? [node.CommonTableExpr] : []));
}
