// Temporary objects live on one connection to the home shard, which the session then keeps.
import type { RangeVar } from "@pgsql/types";
import { homePlan } from "../home-plan.ts";
import type { SingleShardPlan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { relationOf } from "../relation-of.ts";

export function isTemporaryName(name: RangeVar | undefined): boolean {
  return name?.relpersistence === "t" || (name?.schemaname?.startsWith("pg_temp") ?? false);
}

/** Whether the name means a temporary table that the session has. */
export function isTemporary(input: PlanInput, name: RangeVar | undefined): boolean {
  return name !== undefined && relationOf(input, name).kind === "temporary";
}

/** A statement that makes the temporary object `name`. */
export function createTemporary(input: PlanInput, name: RangeVar | undefined): SingleShardPlan {
  return { ...onTemporary(input), createsTemporary: name?.relname ?? "" };
}

/** A statement about temporary objects. */
export function onTemporary(input: PlanInput): SingleShardPlan {
  return { ...homePlan(input), reserve: "temporary table", anyLiterals: false };
}
