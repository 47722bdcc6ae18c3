// Triggers run inside one shard, after the gateway has routed the statement. Refused are those that could touch rows which
// are elsewhere.
import type { Relation } from "../catalog/snapshot.ts";
import type { PlanInput } from "./plan-input.ts";
import { refuse } from "./refuse.ts";
import { isSharded, touchedByFunction, wordsIn } from "./touched-by-function.ts";

/** For a statement that writes to `relation`. */
export function checkTriggers(input: PlanInput, relation: Relation): void {
  if (!input.catalog.hasShardedTables) return;
  for (const { name } of relation.triggerFunctions) checkTriggerFunction(input, relation, name);
}

/** Throws SG071 if a trigger with this function may not be on this table. */
export function checkTriggerFunction(input: PlanInput, relation: Relation, functionName: string): void {
  for (const touched of touchedByFunction(input.catalog, functionName)) {
    if (touched === relation || mayTouch(input, relation, touched, functionName)) continue;
    throw refuse("SG071", `${functionName}() on "${relation.name}" touches "${touched.name}"`);
  }
  const { distribution } = relation;
  if (distribution.kind !== "distributed") return;
  const changed = distribution.shardKey.find((name) => assigns(input, functionName, name));
  if (changed !== undefined) throw refuse("SG071", `${functionName}() may change shard key column "${changed}"`);
}

function mayTouch(input: PlanInput, relation: Relation, touched: Relation, functionName: string): boolean {
  const to = touched.distribution;
  const from = relation.distribution;
  if (!isSharded(relation) && !isSharded(touched)) return true;
  if (to.kind === "reference") return from.kind === "reference" || !writes(input, functionName);
  return from.kind === "distributed" && to.kind === "distributed" && from.colocationGroup === to.colocationGroup;
}

const writingWords = ["insert", "update", "delete", "merge", "truncate", "copy", "execute", "perform", "call"];

function writes(input: PlanInput, functionName: string): boolean {
  return (input.catalog.userFunctions.get(functionName) ?? []).some(({ body }) => {
    const words = wordsIn(body);
    return writingWords.some((word) => words.has(word));
  });
}

/** Whether the body has `new.column :=` or `new.column =`, the latter perhaps only a comparison. */
function assigns(input: PlanInput, functionName: string, column: string): boolean {
  const pattern = new RegExp(`\\bnew\\s*\\.\\s*"?${column.replace(/[^\w]/g, "\\$&")}"?\\s*:=`, "i");
  const assignment = new RegExp(
    `(;|\\bbegin|\\bthen|\\belse|\\bloop)\\s*new\\s*\\.\\s*"?${column.replace(/[^\w]/g, "\\$&")}"?\\s*=`,
    "i",
  );
  return (input.catalog.userFunctions.get(functionName) ?? []).some(
    ({ body }) => pattern.test(body) || assignment.test(body),
  );
}
