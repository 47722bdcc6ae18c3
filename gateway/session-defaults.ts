// What a session begins with, beyond what its client asked for: the search path, the isolation level and the time limits
// that ALTER ROLE, ALTER DATABASE and postgresql.conf give it. Read once per login.
import { keptByGateway } from "../src/base/kept-by-gateway.ts";
import type { SessionSettings } from "../src/pool/session-settings.ts";
import { type Isolation, isolationIn } from "../src/transaction/isolation.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { holdTimeoutMs, holdTimeoutSetting } from "./hold-timeout.ts";
import { durationText, limitSettings, milliseconds, noLimits, type TimeLimits } from "./time-limits.ts";

export interface SessionDefaults {
  readonly path: { readonly setting: string; readonly role: string };
  readonly limits: TimeLimits;
  /** shardgres.hold_timeout as the role or the database has it; undefined: they do not. */
  readonly holdTimeoutMs: number | undefined;
  readonly isolation: Isolation;
}

export async function readDefaults(participant: Participant): Promise<SessionDefaults> {
  // Not every version has all of them.
  const limits = limitSettings.map(([, name]) => `coalesce(current_setting('${name}', true), '0')`).join(`, `);
  const answer = await participant.queryText(
    `SELECT pg_catalog.concat_ws(E'\\n', ${limits}, coalesce(pg_catalog.current_setting('${holdTimeoutSetting}', true), ''),
      pg_catalog.current_setting('default_transaction_isolation'), pg_catalog.current_setting('search_path'), current_user)`,
  );
  const lines = answer.split("\n");
  const read: Record<keyof TimeLimits, number> = { ...noLimits };
  for (const [i, [key, name]] of limitSettings.entries()) read[key] = milliseconds(name, lines[i] ?? "0");
  const [hold, isolation, ...path] = lines.slice(limitSettings.length);
  return {
    path: { setting: path.slice(0, -1).join("\n"), role: path.at(-1) ?? "" },
    limits: read,
    holdTimeoutMs: hold === undefined || hold === "" ? undefined : holdTimeoutMs(hold),
    isolation: isolationIn(isolation) ?? "read committed",
  };
}

/** With the limits that the gateway keeps for the shards, or for itself: see `keptByGateway`. */
export function withKeptLimits(
  settings: SessionSettings,
  { limits, holdTimeoutMs: hold }: SessionDefaults,
): SessionSettings {
  let all = settings;
  for (const [key, name] of limitSettings) {
    if (limits[key] === 0 || !keptByGateway.has(name) || settings.get(name) !== undefined) continue;
    all = all.with(name, `'${durationText(limits[key])}'`);
  }
  if (hold !== undefined && settings.get(holdTimeoutSetting) === undefined) {
    all = all.with(holdTimeoutSetting, `'${durationText(hold)}'`);
  }
  return all;
}
