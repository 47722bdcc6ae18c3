// What a session begins with, beyond what its client asked for: the search path, the isolation level and the time limits
// that ALTER ROLE, ALTER DATABASE and postgresql.conf give it. Read once per login.
import { keptByGateway } from "../src/base/kept-by-gateway.ts";
import type { SessionSettings } from "../src/pool/session-settings.ts";
import { quoteLiteral } from "../src/sql/names.ts";
import { type Isolation, isolationIn } from "../src/transaction/isolation.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { ownDefaultsOf, ownDefaultsSql } from "./kept-settings.ts";
import { durationText, limitSettings, milliseconds, noLimits, type TimeLimits } from "./time-limits.ts";

export interface SessionDefaults {
  readonly path: { readonly setting: string; readonly role: string };
  readonly limits: TimeLimits;
  /** What role or database have of the settings that only a gateway knows. */
  readonly own: ReadonlyMap<string, string>;
  readonly isolation: Isolation;
  /** default_transaction_read_only. */
  readonly isReadOnly: boolean;
}

export async function readDefaults(participant: Participant): Promise<SessionDefaults> {
  // Not every version has all of them.
  const limits = limitSettings.map(([, name]) => `coalesce(current_setting('${name}', true), '0')`).join(`, `);
  const answer = await participant.queryText(
    `SELECT pg_catalog.concat_ws(E'\\n', ${limits}, ${ownDefaultsSql},
      pg_catalog.current_setting('default_transaction_isolation'),
      pg_catalog.current_setting('default_transaction_read_only'), pg_catalog.current_setting('search_path'), current_user)`,
  );
  const lines = answer.split("\n");
  const read: Record<keyof TimeLimits, number> = { ...noLimits };
  for (const [i, [key, name]] of limitSettings.entries()) read[key] = milliseconds(name, lines[i] ?? "0");
  const [own, isolation, readOnly, ...path] = lines.slice(limitSettings.length);
  return {
    path: { setting: path.slice(0, -1).join("\n"), role: path.at(-1) ?? "" },
    limits: read,
    own: ownDefaultsOf(own ?? "{}"),
    isolation: isolationIn(isolation) ?? "read committed",
    isReadOnly: readOnly === "on",
  };
}

/** With the limits that the gateway keeps for the shards, or for itself: see `keptByGateway`. */
export function withKeptLimits(settings: SessionSettings, { limits, own }: SessionDefaults): SessionSettings {
  let all = settings;
  for (const [key, name] of limitSettings) {
    if (limits[key] === 0 || !keptByGateway.has(name) || settings.get(name) !== undefined) continue;
    all = all.with(name, `'${durationText(limits[key])}'`);
  }
  for (const [name, text] of own) if (settings.get(name) === undefined) all = all.with(name, quoteLiteral(text));
  return all;
}
