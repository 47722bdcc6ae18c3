// SHOW: any shard, for the pool has given it the session's settings; the gateway's own lists it answers itself.
import type { VariableShowStmt } from "@pgsql/types";
import { keptByGateway } from "../base/kept-by-gateway.ts";
import { homePlan } from "./home-plan.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";

/** What SHOW shardgres.<name> lists. */
export const gatewayLists: readonly string[] = [
  "shards",
  "tablets",
  "topology",
  "tables",
  "buckets",
  "transactions",
  "version",
];

export function planShow(input: PlanInput, statement: VariableShowStmt): Plan {
  const name = (statement.name ?? "").toLowerCase();
  const list = name.startsWith("shardgres.") ? name.slice("shardgres.".length) : "";
  if (gatewayLists.includes(list)) return { kind: "show", name: list };
  if (keptByGateway.has(name)) return { kind: "show", name };
  return { ...homePlan(input), targets: [{ kind: "any" }], readOnly: true, onPrimary: true };
}
