// The time limits of a session, as PostgreSQL reads and shows them. Shards keep those that concern one statement on one
// shard; the gateway keeps the time of what only it can see: how long a session is idle, and how long it takes over
// several shards.
import { SqlError } from "../src/pgwire/sql-error.ts";

/** In milliseconds; 0: none. */
export interface TimeLimits {
  readonly statement: number;
  readonly idleInTransaction: number;
  readonly transaction: number;
  readonly idleSession: number;
}

export const limitSettings: readonly (readonly [keyof TimeLimits, string])[] = [
  ["statement", "statement_timeout"],
  ["idleInTransaction", "idle_in_transaction_session_timeout"],
  ["transaction", "transaction_timeout"],
  ["idleSession", "idle_session_timeout"],
];

export const noLimits: TimeLimits = { statement: 0, idleInTransaction: 0, transaction: 0, idleSession: 0 };

/** `settingOf`: a setting as it stands after `SET name TO`; undefined: as in `otherwise`. */
export function timeLimits(settingOf: (name: string) => string | undefined, otherwise: TimeLimits): TimeLimits {
  const limits = { ...otherwise };
  for (const [key, name] of limitSettings) {
    const value = settingOf(name);
    if (value !== undefined) limits[key] = acceptedMilliseconds(name, unquoted(value));
  }
  return limits;
}

/** Of a value that a shard has accepted. One that is written so that only PostgreSQL can read it is timed by shards alone. */
function acceptedMilliseconds(name: string, text: string): number {
  try {
    return milliseconds(name, text);
  } catch {
    return 0;
  }
}

/** The string that PostgreSQL makes of what stands after `SET name TO`. */
export function unquoted(sql: string): string {
  return sql.startsWith("'") ? sql.slice(1, -1).replaceAll("''", "'") : sql;
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ["us", 0.001],
  ["ms", 1],
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const msMax = 0x7fffffff;

/** As parse_int in utils/misc/guc.c does; throws 22023 with its messages. `name`: of the setting. */
export function milliseconds(name: string, text: string): number {
  const invalid = (hint?: string) =>
    new SqlError({ code: "22023", message: `invalid value for parameter "${name}": "${text}"`, hint });
  const match = /^\s*([+-]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))\s*(.*?)\s*$/is.exec(text);
  if (match === null) throw invalid();
  const [, number, unit] = match as unknown as [string, string, string];
  const factor = unit === "" ? 1 : unitMs.get(unit);
  if (factor === undefined) {
    throw invalid('Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".');
  }
  const value = roundHalfToEven(numberOf(number) * factor);
  if (!(Math.abs(value) <= msMax)) throw invalid("Value exceeds integer range.");
  if (value < 0) {
    const message = `${value} ms is outside the valid range for parameter "${name}" (0 ms .. ${msMax} ms)`;
    throw new SqlError({ code: "22023", message });
  }
  return value;
}

/** As SHOW shows it: in the largest unit of which it is a whole number. */
export function durationText(ms: number): string {
  if (ms === 0) return "0";
  for (const [unit, factor] of [...unitMs].reverse()) if (ms % factor === 0) return `${ms / factor}${unit}`;
  return `${ms}ms`;
}

/** As strtol with base 0, or strtod, would: 0x10 is 16, 010 is 8, 010.5 is 10.5. */
function numberOf(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[+-]/, "");
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  return sign * Number(digits);
}

/** rint(). */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
