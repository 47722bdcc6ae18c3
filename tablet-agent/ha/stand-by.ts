// Rules of the tablet that is not primary: run, and follow the primary that the topology names, but never one of a term
// older than the own pledge.
import type { ClusterView } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";

export function startStopped({ postgres }: ClusterView): Decision | undefined {
  return postgres.kind === "stopped" ? { kind: "start-standby", reason: "PostgreSQL is not running" } : undefined;
}

export function followNamed({ self, shard, pledge, postgres }: ClusterView): Decision | undefined {
  const { primary, term } = shard;
  if (postgres.kind !== "standby" || primary === self || term < pledge.term) return undefined;
  if (postgres.follows?.primary === primary && postgres.follows.term === term) return undefined;
  return { kind: "follow", primary, term, reason: `the topology names ${primary} primary of term ${term}` };
}
