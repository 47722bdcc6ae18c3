// Connections of Shardgres' own to the shards, as the role `shardgres`: for roles' verifiers, catalogs, the metadata schema
// and the ends of transactions. Nothing of a client's ever runs on them. They are to the primaries of the terms that the
// topology names, and are cut off when it names later ones.
import { Socket } from "node:net";
import pg from "pg";
import { AppError } from "../base/app-error.ts";
import { backoff } from "../base/backoff.ts";
import type { Address, ShardName, Topology } from "../topology/snapshot.ts";
import { isPassing } from "./may-pass.ts";
import { noPrimary, termIn, termSettingsSql } from "./open-primary.ts";

export const adminRole = "shardgres";

/** Runs one statement on a shard and gives its rows as texts. Rejects as `pg` does. */
export type AdminQuery = (
  shard: ShardName,
  database: string,
  sql: string,
  values?: readonly unknown[],
) => Promise<(string | null)[][]>;

/** One that has not been used for so long is closed. */
const idleTimeoutMs = 10_000;
/** A shard that does not answer for so long is treated as if it were gone. */
const queryTimeoutMs = 10_000;
/** A new primary lets nobody write before the WAL says its term. That is looked at, so that nothing else need be waited for. */
const mayWrite = { options: "-c default_transaction_read_only=off" };
const retryPause = { firstMs: 50, maxMs: 500 };

/** One row: whether the server is in recovery, and the settings of the role. */
const whoSql = `SELECT pg_catalog.pg_is_in_recovery()::text, ${termSettingsSql}`;

const asTexts = { getTypeParser: () => (value: string) => value };

interface Kept {
  readonly client: Promise<pg.Client>;
  /** Settles when the query before has ended. */
  turn: Promise<unknown>;
  inUse: number;
  idleTimer: NodeJS.Timeout | undefined;
}

export class AdminConnections {
  #topology: () => Topology;
  #password: string | undefined;
  #applicationName: string;
  readonly #holdTimeoutMs: number;
  /** By purpose, shard and database. */
  #kept = new Map<string, Kept>();
  /** Those to primaries, with the term for which they were opened. */
  #open = new Map<Socket, { readonly shard: ShardName; readonly term: number }>();
  /** To be called when the topology changes: somebody waits for a primary. */
  #waiting = new Set<() => void>();
  #isClosed = false;

  /** `holdTimeoutMs`: how long those wait for a primary who can wait. */
  constructor(
    topology: () => Topology,
    password: string | undefined,
    applicationName = "shardgres gateway",
    holdTimeoutMs = 0,
  ) {
    this.#topology = topology;
    this.#password = password;
    this.#applicationName = applicationName;
    this.#holdTimeoutMs = holdTimeoutMs;
  }

  /** To be called when it has changed. */
  topologyChanged(): void {
    const { shards } = this.#topology();
    for (const [socket, { shard, term }] of this.#open) {
      if ((shards.get(shard)?.term ?? Number.POSITIVE_INFINITY) > term) socket.destroy();
    }
    for (const wake of [...this.#waiting]) wake();
  }

  /**
   * A new connection to the primary, for the caller to end. Rejects as `pg` does, or with AppError "no-primary" where there
   * is none yet.
   */
  async connect(shard: ShardName, database: string, settings: pg.ClientConfig = {}): Promise<pg.Client> {
    const { primary, term = 0 } = this.#topology().shards.get(shard) ?? {};
    if (primary === undefined) throw noPrimary(`shard "${shard}" has no primary`);
    const socket = new Socket();
    this.#open.set(socket, { shard, term });
    socket.on("close", () => this.#open.delete(socket));
    try {
      const client = await this.connectTo(primary.address, database, {
        ...mayWrite,
        ...settings,
        stream: () => socket,
      });
      const { rows } = await client.query<(string | null)[]>({ text: whoSql, rowMode: "array", types: asTexts });
      const [isInRecovery, roleSettings] = rows[0] ?? [];
      const itsTerm = termIn(roleSettings ?? "");
      if (isInRecovery === "true") throw noPrimary(`tablet "${primary.name}" is not promoted yet`);
      if (itsTerm !== undefined && itsTerm < term)
        throw noPrimary(`tablet "${primary.name}" is in term ${itsTerm} still`);
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** The same, but while the shard has no primary there is one attempt after the other, until the hold timeout is over. */
  async connectInTime(shard: ShardName, database: string, settings: pg.ClientConfig = {}): Promise<pg.Client> {
    const pause = backoff(retryPause);
    for (const end = Date.now() + this.#holdTimeoutMs; ; await this.#newsOr(pause.next())) {
      try {
        return await this.connect(shard, database, settings);
      } catch (error) {
        if (this.#isClosed || !mayPass(error) || Date.now() >= end) throw error;
      }
    }
  }

  /** The same to any tablet. */
  async connectTo({ host, port }: Address, database: string, settings: pg.ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({
      host,
      port,
      user: adminRole,
      ...(this.#password === undefined ? {} : { password: this.#password }),
      database,
      application_name: this.#applicationName,
      connectionTimeoutMillis: 5_000,
      ...settings,
    });
    // A client that is lost while nobody waits for it must not end the process.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /**
   * On a connection that is kept for the next query. When that one turns out to be lost, once more on a new one: so only
   * for what may be done twice. Waits for a primary.
   */
  readonly query: AdminQuery = (shard, database, sql, values = []) =>
    this.#ask(`${shard}/${database}`, shard, database, sql, values);

  /** `key`: which of the connections; whoever has the same takes turns. */
  async #ask(
    key: string,
    shard: ShardName,
    database: string,
    sql: string,
    values: readonly unknown[],
  ): Promise<(string | null)[][]> {
    for (let tries = 1; ; tries++) {
      const isNew = !this.#kept.has(key);
      const kept = this.#keep(key, shard, database);
      kept.inUse++;
      clearTimeout(kept.idleTimer);
      try {
        const client = await kept.client;
        const answer = kept.turn.then(() =>
          client.query<(string | null)[]>({ text: sql, values: [...values], rowMode: "array", types: asTexts }),
        );
        kept.turn = answer.catch(() => {});
        return (await answer).rows;
      } catch (error) {
        if (error instanceof pg.DatabaseError && error.severity === "ERROR") throw error;
        this.#drop(key, kept);
        if (tries >= 3 || (isNew && !isLost(error))) throw error;
      } finally {
        kept.inUse--;
        if (kept.inUse === 0) kept.idleTimer = setTimeout(() => this.#drop(key, kept), idleTimeoutMs).unref();
      }
    }
  }

  /**
   * The SCRAM verifier of a role; undefined when there is no such role, or it has none. A login does not wait for what else is
   * asked, which may wait for standbys.
   */
  async verifierOf(role: string): Promise<string | undefined> {
    const { home } = this.#topology();
    const rows = await this.#ask(
      `logins/${home}/postgres`,
      home,
      "postgres",
      `SELECT rolpassword FROM pg_catalog.pg_authid
       WHERE rolname = $1 AND rolcanlogin AND (rolvaliduntil IS NULL OR rolvaliduntil > now())`,
      [role],
    );
    return rows[0]?.[0] ?? undefined;
  }

  /** Gives up the connections to a database, so that it can be dropped or renamed. */
  forget(database: string): void {
    for (const [key, kept] of this.#kept) if (key.endsWith(`/${database}`)) this.#drop(key, kept);
  }

  async close(): Promise<void> {
    const clients = [...this.#kept.values()].map(({ client }) => client);
    for (const [key, kept] of this.#kept) this.#drop(key, kept);
    this.#isClosed = true;
    for (const wake of [...this.#waiting]) wake();
    await Promise.allSettled(clients.map(async (client) => (await client).end()));
  }

  #keep(key: string, shard: ShardName, database: string): Kept {
    const present = this.#kept.get(key);
    if (present !== undefined) return present;
    const client = this.connectInTime(shard, database, { query_timeout: queryTimeoutMs });
    const kept: Kept = { client, turn: Promise.resolve(), inUse: 0, idleTimer: undefined };
    this.#kept.set(key, kept);
    client.then(
      (opened) => opened.on("end", () => this.#drop(key, kept)),
      () => this.#drop(key, kept),
    );
    return kept;
  }

  /** Resolves when the topology changes, or after that time. */
  #newsOr(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  #drop(key: string, kept: Kept): void {
    clearTimeout(kept.idleTimer);
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    kept.client.then(
      (client) => client.end().catch(() => {}),
      () => {},
    );
  }
}

/** The server ended the connection while it was at work. */
function isLost(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return isPassing(error.code ?? "");
  return error instanceof Error && error.message.startsWith("Connection terminated");
}

function mayPass(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return isPassing(error.code ?? "");
  // What the system says of a connection, or pg when one is lost.
  return error instanceof AppError ? error.code === "no-primary" : error instanceof Error;
}
