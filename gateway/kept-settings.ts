// Settings that the gateway keeps for itself (see `keptByGateway`): which values they take, and how they are shown.
import { unknownToShards } from "../src/base/kept-by-gateway.ts";
import { holdTimeoutMs, holdTimeoutSetting } from "./hold-timeout.ts";
import { maxStandbyLagMs, maxStandbyLagSetting, readFrom, readFromOf, readFromSetting } from "./read-settings.ts";
import { durationText, milliseconds, unquoted } from "./time-limits.ts";

/** Throws 22023 when the setting does not take this value. */
export function checkKept(name: string, text: string): void {
  if (name === readFromSetting) readFrom(text);
  else milliseconds(name, text);
}

/** As SHOW shows it. `setting`: SQL text as it stands after `SET name TO`. */
export function shownKept(name: string, setting: string | undefined): string {
  switch (name) {
    case readFromSetting:
      return readFromOf(setting);
    case maxStandbyLagSetting:
      return durationText(maxStandbyLagMs(setting));
    case holdTimeoutSetting:
      return durationText(holdTimeoutMs(setting));
    default:
      return durationText(milliseconds(name, unquoted(setting ?? "0")));
  }
}

/** Selects what role and database have of those that shards know nothing of, in one line. */
export const ownDefaultsSql = `pg_catalog.json_strip_nulls(pg_catalog.json_build_object(${[...unknownToShards]
  .map((name) => `'${name}', pg_catalog.current_setting('${name}', true)`)
  .join(", ")}))`;

/** By name; what nobody can read is as good as not set. */
export function ownDefaultsOf(line: string): ReadonlyMap<string, string> {
  const defaults = new Map<string, string>();
  for (const [name, text] of Object.entries(JSON.parse(line) as Record<string, string>)) {
    try {
      checkKept(name, text);
      defaults.set(name, text);
    } catch {
      // PostgreSQL ignores it as well, with a warning.
    }
  }
  return defaults;
}
