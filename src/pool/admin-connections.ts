// The gateway's own connections to the shards, as the role `shardgres`: for roles' verifiers, catalogs and the metadata
// schema. Nothing of a client's ever runs on them.
import pg from "pg";
import type { ShardName, Topology } from "../topology/snapshot.ts";

export const adminRole = "shardgres";

export class AdminConnections {
  #topology: () => Topology;
  #password: string | undefined;
  #shared: Promise<pg.Client> | undefined;

  constructor(topology: () => Topology, password: string | undefined) {
    this.#topology = topology;
    this.#password = password;
  }

  /** A new connection, for the caller to end. Rejects as `pg` does. */
  async connect(shard: ShardName, database: string): Promise<pg.Client> {
    const primary = this.#topology().shards.get(shard)?.primary;
    if (primary === undefined) throw new Error(`shard "${shard}" has no primary`);
    const client = new pg.Client({
      host: primary.address.host,
      port: primary.address.port,
      user: adminRole,
      ...(this.#password === undefined ? {} : { password: this.#password }),
      database,
      application_name: "shardgres gateway",
      connectionTimeoutMillis: 5_000,
    });
    // A client that is lost while nobody waits for it must not end the process.
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** The SCRAM verifier of a role; undefined when there is no such role, or it has none. */
  async verifierOf(role: string): Promise<string | undefined> {
    const { rows } = await this.#onHome<{ rolpassword: string | null }>(
      `SELECT rolpassword FROM pg_catalog.pg_authid
       WHERE rolname = $1 AND rolcanlogin AND (rolvaliduntil IS NULL OR rolvaliduntil > now())`,
      [role],
    );
    return rows[0]?.rolpassword ?? undefined;
  }

  async close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.then((client) => client.end()).catch(() => {});
  }

  async #onHome<Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<pg.QueryResult<Row>> {
    for (let tries = 1; ; tries++) {
      this.#shared ??= this.connect(this.#topology().home, "postgres");
      const shared = this.#shared;
      try {
        return await (await shared).query<Row>(sql, values);
      } catch (error) {
        // The connection may have been lost since its last use; one new one is tried.
        if (this.#shared === shared) this.#shared = undefined;
        if (tries >= 2) throw error;
      }
    }
  }
}
