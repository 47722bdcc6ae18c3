// A connection that a session keeps may have missed what the session has set meanwhile, at other shards.
import type { Lease } from "./pool.ts";
import { runSimple } from "./run-simple.ts";
import { type SessionSettings, settingsDifference } from "./session-settings.ts";

/** Resolves with the lease when these settings are in force; rejects with ShardError or AppError, and nothing has changed. */
export async function applySettings(lease: Lease, settings: SessionSettings): Promise<Lease> {
  const change = settingsDifference(lease.settings, settings);
  if (change === "") return lease;
  await runSimple(lease.connection, change).catch((error: unknown) => {
    // Nothing of what the caller is about to send was sent.
    throw lease.connection.lostBefore ?? error;
  });
  lease.settings = settings;
  return lease;
}
