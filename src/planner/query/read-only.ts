// Whether a statement is proven to write nothing and lock nothing.
import { functionName, isVolatile } from "../analysis/analyze-expression.ts";
import type { Analysis } from "../analysis/model.ts";
import type { PlanInput } from "../plan-input.ts";

/** Volatile, but without effect. */
const harmless = new Set([
  "clock_timestamp",
  "gen_random_uuid",
  "random",
  "random_normal",
  "timeofday",
  "uuidv4",
  "uuidv7",
]);

export function isReadOnly({ catalog }: PlanInput, { calls, locks, modifies }: Analysis): boolean {
  if (locks || modifies) return false;
  return calls.every((call) => {
    const name = functionName(call);
    return (harmless.has(name) && !catalog.userFunctions.has(name)) || !isVolatile(catalog, name);
  });
}
