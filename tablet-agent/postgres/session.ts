// Connections of the agent to its own PostgreSQL, and to other tablets', as role `shardgres`. They may write while others
// may not, and never wait for standbys.
import { readFile } from "node:fs/promises";
import pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import type { Address } from "../../src/topology/snapshot.ts";
import { controlRole } from "./upstream-service.ts";

export interface SessionTarget {
  readonly address: Address;
  readonly password: string | undefined;
  /** File with the certificate of who signs the server's: with it, TCP goes by TLS. */
  readonly authorityFile?: string | undefined;
}

/** By this, transactions of agents are told from those of clients. */
export const agentApplication = "shardgres tablet agent";

const loginLimitMs = 5_000;
const settings = ["default_transaction_read_only=off", "synchronous_commit=local"]
  .concat("statement_timeout=0", "lock_timeout=0", "idle_session_timeout=0", "search_path=pg_catalog")
  .map((setting) => `-c ${setting}`)
  .join(" ");

/** Whoever opens it ends it. Throws when there is nobody to talk to within seconds, or the reason of the signal. */
export async function openSession(
  { address, password, authorityFile }: SessionTarget,
  signal?: AbortSignal,
): Promise<pg.Client> {
  const isRemote = authorityFile !== undefined && !address.host.startsWith("/");
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: controlRole,
    database: "postgres",
    password: password ?? "",
    application_name: agentApplication,
    options: settings,
    connectionTimeoutMillis: loginLimitMs,
    keepAlive: true,
    // Tablets are known by who signed their certificates; their addresses change.
    ssl: isRemote && { ca: await readFile(authorityFile, "utf8"), checkServerIdentity: () => undefined },
  });
  // Whoever waits for an answer is told; an error in between shows at the next query.
  client.on("error", () => {});
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    await Promise.race([client.connect(), aborted.promise]);
  } catch (error) {
    closeSession(client);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return client;
}

/** Runs `use` with a session of its own, which is closed afterwards. */
export async function withSession<T>(
  target: SessionTarget,
  use: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await openSession(target, signal);
  const abort = () => closeSession(client);
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    return await use(client);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    closeSession(client);
  }
}

/** At once, whatever it is doing; what waits for it fails. */
export function closeSession(client: pg.Client): void {
  // A server that does not answer does not take a farewell either.
  client.end().catch(() => {});
  const { stream } = client.connection as unknown as { stream: { destroySoon?(): void; destroy(): void } };
  stream.destroySoon?.();
}

/** The one value that a query gives. */
export async function value<T>(client: pg.Client, text: string, values: readonly unknown[] = []): Promise<T> {
  const { rows } = await client.query({ text, values: [...values], rowMode: "array" });
  const row: unknown[] | undefined = rows[0];
  if (row === undefined) throw new AppError("no-row", "PostgreSQL has given no row");
  return row[0] as T;
}
