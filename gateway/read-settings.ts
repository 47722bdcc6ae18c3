// shardgres.read_from and shardgres.max_standby_lag: which tablets a session's reads may go to, and how old what they show
// may be.
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { ReadFrom } from "../src/pool/read-options.ts";
import { milliseconds, unquoted } from "./time-limits.ts";

export const readFromSetting = "shardgres.read_from";
export const maxStandbyLagSetting = "shardgres.max_standby_lag";

const targets: readonly (ReadFrom | "primary")[] = ["primary", "standby", "prefer-standby", "any"];
const defaultLag = "10s";

/** As an enum setting of PostgreSQL is read; throws 22023 with its words. */
export function readFrom(text: string): ReadFrom | "primary" {
  const wanted = text.toLowerCase().replaceAll("_", "-");
  const target = targets.find((each) => each === wanted);
  if (target !== undefined) return target;
  throw new SqlError({
    code: "22023",
    message: `invalid value for parameter "${readFromSetting}": "${text}"`,
    hint: `Available values: ${targets.join(", ")}.`,
  });
}

/** `setting`: SQL text as it stands after `SET name TO`, of which it is known that it can be read. */
export function readFromOf(setting: string | undefined): ReadFrom | "primary" {
  return setting === undefined ? "primary" : readFrom(unquoted(setting));
}

export function maxStandbyLagMs(setting: string | undefined): number {
  return milliseconds(maxStandbyLagSetting, setting === undefined ? defaultLag : unquoted(setting));
}
