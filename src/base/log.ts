// One structured log line per event, to stderr. Never a password, never a row, never a statement's literals.
import { pino } from "pino";

export type Log = pino.Logger;

/** `level` is pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(name: string, level = process.env.SHARDGRES_LOG_LEVEL ?? "info"): Log {
  return pino({ name, level }, pino.destination({ dest: 2, sync: true }));
}
