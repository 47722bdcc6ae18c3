// Connections of Shardgres' own to the shards, as the role `shardgres`: for roles' verifiers, catalogs, the metadata schema
// and the ends of transactions. Nothing of a client's ever runs on them.
import pg from "pg";
import type { Address, ShardName, Topology } from "../topology/snapshot.ts";

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
  /** By shard and database. */
  #kept = new Map<string, Kept>();

  constructor(topology: () => Topology, password: string | undefined, applicationName = "shardgres gateway") {
    this.#topology = topology;
    this.#password = password;
    this.#applicationName = applicationName;
  }

  /** A new connection, for the caller to end. Rejects as `pg` does. */
  async connect(shard: ShardName, database: string, settings: pg.ClientConfig = {}): Promise<pg.Client> {
    const primary = this.#topology().shards.get(shard)?.primary;
    if (primary === undefined) throw new Error(`shard "${shard}" has no primary`);
    return this.connectTo(primary.address, database, settings);
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
   * for what may be done twice.
   */
  readonly query: AdminQuery = async (shard, database, sql, values = []) => {
    const key = `${shard}/${database}`;
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
        if (isNew || tries >= 2) throw error;
      } finally {
        kept.inUse--;
        if (kept.inUse === 0) kept.idleTimer = setTimeout(() => this.#drop(key, kept), idleTimeoutMs).unref();
      }
    }
  };

  /** The SCRAM verifier of a role; undefined when there is no such role, or it has none. */
  async verifierOf(role: string): Promise<string | undefined> {
    const rows = await this.query(
      this.#topology().home,
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
    await Promise.allSettled(clients.map(async (client) => (await client).end()));
  }

  #keep(key: string, shard: ShardName, database: string): Kept {
    const present = this.#kept.get(key);
    if (present !== undefined) return present;
    const client = this.connect(shard, database, { query_timeout: queryTimeoutMs });
    const kept: Kept = { client, turn: Promise.resolve(), inUse: 0, idleTimer: undefined };
    this.#kept.set(key, kept);
    client.then(
      (opened) => opened.on("end", () => this.#drop(key, kept)),
      () => this.#drop(key, kept),
    );
    return kept;
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
