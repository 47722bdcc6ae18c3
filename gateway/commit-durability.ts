// While the topology demands that commits wait for standbys, no client makes them wait for less: a synchronous_commit that
// is lower than `on` becomes `on`, and the client is told so by a warning. Connections to shards are opened with `on`
// besides, so that what roles and databases have as their default does not lower it either.
import { noticeResponse } from "../src/pgwire/notice.ts";
import type { SetPlan } from "../src/planner/plan.ts";
import type { Lease } from "../src/pool/pool.ts";
import type { SessionSettings } from "../src/pool/session-settings.ts";
import type { ShardName, Topology } from "../src/topology/snapshot.ts";
import type { Session } from "./session.ts";
import { unquoted } from "./time-limits.ts";

export const synchronousCommit = "synchronous_commit";

/** synchronous_commit_options of guc_tables.c without `on` and its other names, and `remote_apply`, which is more. */
const lower = new Set(["local", "remote_write", "off", "false", "no", "0"]);

/** Of any shard: which ones a transaction will write to is not known when it sets something. */
export function areStandbysAwaited({ shards }: Topology): boolean {
  for (const { durability } of shards.values()) if (durability !== "none") return true;
  return false;
}

const awaited = { [synchronousCommit]: "on" };

/** Of connections to shards: above the defaults of roles and databases, so that RESET goes back to it. */
export function connectionSettings(topology: Topology): typeof awaited | undefined {
  return areStandbysAwaited(topology) ? awaited : undefined;
}

/** `value`: SQL text as it stands after `SET name TO`. */
export function lowersDurability(topology: Topology, name: string, value: string | undefined): boolean {
  if (name !== synchronousCommit || value === undefined) return false;
  return lower.has(unquoted(value).toLowerCase()) && areStandbysAwaited(topology);
}

/** SET as it is carried out; tells the client when that is something else. */
export function withDurability(session: Session, plan: SetPlan): SetPlan {
  if (!lowersDurability(session.topology, plan.name, plan.value)) return plan;
  session.client.write(durabilityWarning());
  const scope = plan.scope === "local" ? "LOCAL" : "SESSION";
  return { ...plan, value: "'on'", sql: `SET ${scope} ${synchronousCommit} TO 'on'` };
}

/**
 * Settings of a session, of which the topology may have demanded less when they were made. `kept`: connections that it keeps;
 * those that were opened at that time may have a lower default, to which RESET goes back.
 */
export function withoutLowering(
  topology: Topology,
  settings: SessionSettings,
  kept: ReadonlyMap<ShardName, Lease> = new Map(),
): SessionSettings {
  const value = settings.get(synchronousCommit) ?? defaultOf(kept);
  return lowersDurability(topology, synchronousCommit, value) ? settings.with(synchronousCommit, "'on'") : settings;
}

/** As low as it may be; undefined: no lower than the topology demands. */
function defaultOf(kept: ReadonlyMap<ShardName, Lease>): "off" | undefined {
  for (const { connection } of kept.values()) if (connection.login.settings === undefined) return "off";
  return undefined;
}

export function durabilityWarning(): Buffer {
  return noticeResponse(
    "WARNING",
    "01000",
    'synchronous_commit stays "on": commits wait for standbys, as the durability of the shards demands',
  );
}
