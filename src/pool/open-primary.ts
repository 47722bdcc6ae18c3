// Opens a connection to the primary of a shard, and makes sure that it is the primary that the topology means: a server
// that has not been promoted yet, or is still in an older term, is refused. The term of a server is a setting of the role
// `shardgres`, written first thing after its promotion; a server that has none is not replicated.
import { AppError } from "../base/app-error.ts";
import { ServerConnection, type ServerLogin } from "../pgclient/server-connection.ts";
import type { Shard, ShardName } from "../topology/snapshot.ts";
import { askRow } from "./run-simple.ts";

export interface OpenedPrimary {
  readonly connection: ServerConnection;
  /** Of the server where it has one, else of the topology. */
  readonly term: number;
}

export interface OpenOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** A server that lets nobody write by its own configuration will do: it is not about to change that. */
  readonly mayBeReadOnly: boolean;
}

/** Settings of the role, one a line; NULL where there are none. */
export const termSettingsSql = `(SELECT pg_catalog.array_to_string(setconfig, E'\\n') FROM pg_catalog.pg_db_role_setting
   WHERE setrole = pg_catalog.to_regrole('shardgres') AND setdatabase = 0)`;

/** One row: start of the server, settings of the role, and where its default_transaction_read_only comes from. */
const whoSql = (asksWhy: boolean) => `SELECT pg_catalog.pg_postmaster_start_time(),
  ${termSettingsSql},
  ${asksWhy ? "(SELECT source FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only')" : "NULL"}`;

/** The server itself says so, and not whoever connects to it. */
const sourcesOfServer = new Set(["configuration file", "command line"]);

/**
 * Rejects as ServerConnection.open does, with ShardError where the server does not answer the question, or with AppError:
 * "no-primary" where there is none yet, "read-only-primary" where there is one that lets nobody write.
 */
export async function openPrimary(
  name: ShardName,
  shard: Shard | undefined,
  login: ServerLogin,
  { timeoutMs, signal, mayBeReadOnly }: OpenOptions,
): Promise<OpenedPrimary> {
  if (shard?.primary === undefined) throw noPrimary(`shard "${name}" has no primary`);
  const { address } = shard.primary;
  const connection = await ServerConnection.open(address, login, timeoutMs, signal);
  const giveUp = () => connection.sever(signal.reason as Error);
  const timer = setTimeout(() => connection.sever(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener("abort", giveUp);
  try {
    if (connection.parameters.get("in_hot_standby") === "on") {
      throw noPrimary(`tablet "${shard.primary.name}" is not promoted yet`);
    }
    const isReadOnly = !mayBeReadOnly && connection.parameters.get("default_transaction_read_only") === "on";
    const [startedAt, settings, readOnlySource] = await askRow(connection, whoSql(isReadOnly));
    const term = termIn(settings ?? "");
    if (term !== undefined && term < shard.term) {
      throw noPrimary(`tablet "${shard.primary.name}" is in term ${term} still, and not in ${shard.term}`);
    }
    if (isReadOnly && sourcesOfServer.has(readOnlySource ?? "")) {
      const message = `tablet "${shard.primary.name}" is not open for writing yet`;
      throw new AppError("read-only-primary", message, { retry: "safe" });
    }
    connection.server = { shard: name, run: `${address.host}:${address.port} ${startedAt}` };
    return { connection, term: Math.max(term ?? 0, shard.term) };
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** `settings`: of `termSettingsSql`. undefined: there is none. */
export function termIn(settings: string): number | undefined {
  const value = /^shardgres\.term=(\d+)$/m.exec(settings)?.[1];
  return value === undefined ? undefined : Number(value);
}

export function noPrimary(message: string): AppError {
  return new AppError("no-primary", message, { retry: "safe" });
}
