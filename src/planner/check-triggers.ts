// Triggers run inside one shard, after the gateway has routed the statement. Refused are those that could touch rows which
// are elsewhere, or give a row another shard key.
import type { CatalogSnapshot, FunctionName, Relation } from "../catalog/snapshot.ts";
import {
  checkTriggerFunction as checkReach,
  checkTriggers as checkReachOfAll,
  findFunctions,
} from "../catalog/trigger-rules.ts";
import type { PlanInput } from "./plan-input.ts";
import { refuse } from "./refuse.ts";

/** For a statement that writes to `relation`. */
export function checkTriggers({ catalog }: PlanInput, relation: Relation): void {
  const refused = checkReachOfAll(catalog, relation);
  if (refused !== undefined) throw refused;
  for (const name of relation.triggerFunctions) checkAssignments(catalog, relation, name);
}

/** For CREATE TRIGGER. */
export function checkNewTrigger({ catalog }: PlanInput, relation: Relation, name: FunctionName): void {
  if (!catalog.hasShardedTables) return;
  const refused = checkReach(catalog, relation, name);
  if (refused !== undefined) throw refused;
  checkAssignments(catalog, relation, name);
}

function checkAssignments(catalog: CatalogSnapshot, { distribution }: Relation, name: FunctionName): void {
  if (distribution.kind !== "distributed") return;
  const bodies = findFunctions(catalog, name).map(({ body }) => body);
  const changed = distribution.shardKey.find((column) => bodies.some((body) => assigns(body, column)));
  if (changed !== undefined) throw refuse("SG071", `${name.name}() changes shard key column "${changed}"`);
}

/** Whether the body has `new.column :=`, or `new.column =` where a statement begins. */
function assigns(body: string, column: string): boolean {
  const target = `new\\s*\\.\\s*"?${column.replace(/[^\w]/g, "\\$&")}"?\\s*`;
  const assignment = new RegExp(`\\b${target}:=|(;|\\bbegin|\\bthen|\\belse|\\bloop)\\s*${target}=`, "i");
  return assignment.test(body) || new RegExp(`\\binto\\s+(strict\\s+)?${target}`, "i").test(body);
}
