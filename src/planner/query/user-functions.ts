// What functions made by users do to the plan of a query that calls them: code inside PostgreSQL runs on one shard and
// sees only that shard's rows.
import { functionName } from "../analysis/analyze-expression.ts";
import type { Analysis } from "../analysis/model.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { touchedByFunction, wordsIn } from "../touched-by-function.ts";

const writingWords = ["insert", "update", "delete", "merge", "truncate", "copy"];

/**
 * Names of called functions that must run on the home shard, since they touch what lives there. Throws SG063 for those that
 * touch sharded tables, or run SQL made at run time where there are sharded tables. Functions in C are trusted.
 */
export function homeFunctions(input: PlanInput, { calls }: Analysis): ReadonlySet<string> {
  const { catalog } = input;
  const home = new Set<string>();
  for (const name of new Set(calls.map(functionName))) {
    const overloads = catalog.userFunctions.get(name) ?? [];
    if (overloads.every(({ language }) => language === "c" || language === "internal")) continue;
    for (const relation of touchedByFunction(catalog, name)) {
      if (relation.distribution.kind === "distributed") throw refuse("SG063", `${name}() touches "${relation.name}"`);
      if (relation.distribution.kind === "unsharded") home.add(name);
      else if (overloads.some(({ body }) => hasWord(body, writingWords))) {
        throw refuse("SG063", `${name}() may write to reference table "${relation.name}"`);
      }
    }
    if (!overloads.some(({ body, language }) => language !== "sql" && hasWord(body, ["execute"]))) continue;
    if (catalog.hasShardedTables) throw refuse("SG063", `${name}() runs SQL that the gateway does not see`);
    home.add(name);
  }
  return home;
}

function hasWord(body: string, words: readonly string[]): boolean {
  const found = wordsIn(body);
  return words.some((word) => found.has(word));
}
