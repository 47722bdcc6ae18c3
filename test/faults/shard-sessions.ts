// Sessions at the shards themselves, behind the gateway's and the proxies' backs: what is really there. A session that a
// fault has ended is opened again for the next question.
import pg from "pg";
import type { Address } from "../../src/topology/snapshot.ts";

/** A row's columns as texts, joined by "|"; NULL is "null". */
type RowText = string;

export interface ShardLogin {
  readonly address: Address;
  readonly password: string;
}

export class ShardSessions {
  readonly #logins: ReadonlyMap<string, ShardLogin>;
  #open = new Map<string, pg.Client>();

  constructor(logins: ReadonlyMap<string, ShardLogin>) {
    this.#logins = logins;
  }

  /** Rejects when the shard cannot be asked now. */
  async ask(shard: string, sql: string, values: readonly unknown[] = []): Promise<RowText[]> {
    const client = await this.#client(shard);
    try {
      const { rows } = await client.query<(string | null)[]>({
        text: sql,
        values: [...values],
        rowMode: "array",
        types: { getTypeParser: () => (value: string) => value },
      });
      return rows.map((row) => row.map((value) => value ?? "null").join("|"));
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && error.severity === "ERROR")) this.#forget(shard);
      throw error;
    }
  }

  async end(): Promise<void> {
    const clients = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(clients.map((client) => client.end()));
  }

  async #client(shard: string): Promise<pg.Client> {
    const present = this.#open.get(shard);
    if (present !== undefined) return present;
    const { address, password } = this.#logins.get(shard)!;
    const client = new pg.Client({
      ...address,
      user: "shardgres",
      password,
      database: "postgres",
      application_name: "faults: truth",
      options: "-c search_path=public",
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
    });
    client.on("error", () => this.#forget(shard));
    await client.connect();
    this.#open.set(shard, client);
    return client;
  }

  #forget(shard: string): void {
    const client = this.#open.get(shard);
    this.#open.delete(shard);
    client?.end().catch(() => {});
  }
}
