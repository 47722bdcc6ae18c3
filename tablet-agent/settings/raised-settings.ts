// Settings of which a standby must have as much as its primary: raised, they go to the standbys first; lowered, they count
// on a standby only after its primary has less. PostgreSQL refuses to start a standby that has less.
import { type Room, roomSettings } from "../../src/agent-api/settings-in-force.ts";
import type { ClusterSettings } from "../../src/topology/cluster-settings.ts";

/** As the agent's configuration has them, and PostgreSQL where that says nothing. */
const defaults: Room = {
  max_connections: 300,
  max_worker_processes: 8,
  max_wal_senders: 30,
  max_prepared_transactions: 200,
  max_locks_per_transaction: 64,
};

/** What a standby of a primary with so much room has in the place of the chosen settings. */
export function raisedFor(settings: ClusterSettings, primary: Room): ClusterSettings {
  const lower = roomSettings.filter((name) => amount(settings, name) < primary[name]);
  return Object.fromEntries(lower.map((name) => [name, String(primary[name])]));
}

/** Whether PostgreSQL has more room now than these settings give it. */
export function lowersRoom(settings: ClusterSettings, now: Room): boolean {
  return roomSettings.some((name) => amount(settings, name) < now[name]);
}

/** NaN for what only PostgreSQL understands, which is compared to nothing. */
function amount(settings: ClusterSettings, name: keyof Room): number {
  const text = settings[name];
  return text === undefined ? defaults[name] : Number(text);
}
