// What functions made by users do to the plan of a query that calls them: code inside PostgreSQL runs on one shard and
// sees only that shard's rows.
import { functionName } from "../analysis/analyze-expression.ts";
import type { Analysis } from "../analysis/model.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { mentionsOfFunction } from "../touched-by-function.ts";

/**
 * Names of called functions that must run on the home shard, since they touch what lives there. Throws SG063 for those that
 * read sharded tables or change reference tables, and, where there are sharded tables, for those that run SQL which cannot
 * be looked at.
 */
export function homeFunctions({ catalog }: PlanInput, { calls }: Analysis): ReadonlySet<string> {
  const home = new Set<string>();
  for (const name of new Set(calls.map(functionName))) {
    if (!catalog.userFunctions.has(name)) continue;
    const { relations, written, dynamicSql, opaque } = mentionsOfFunction(catalog, name);
    for (const relation of relations) {
      const { kind } = relation.distribution;
      if (kind === "distributed") throw refuse("SG063", `${name}() touches "${relation.name}"`);
      if (kind === "unsharded") home.add(name);
      else if (written.has(relation)) throw refuse("SG063", `${name}() may change reference table "${relation.name}"`);
    }
    if (!dynamicSql && opaque === undefined) continue;
    if (catalog.hasShardedTables) throw refuse("SG063", `${opaque ?? name}() runs SQL that the gateway does not see`);
    home.add(name);
  }
  return home;
}
