// Clients of a test cluster, at the gateway and, behind its back, at the shards; and what the shards really hold. All of
// them are closed together.
import pg from "pg";
import type { TestCluster } from "./cluster.ts";

/** A row as its columns' texts, joined by "|"; NULL is "null". */
export type RowText = string;

export class ClusterClients {
  readonly cluster: TestCluster;
  readonly shardNames: readonly string[];
  /** What the gateway's clients begin with: the password of role postgres, say. */
  readonly defaults: pg.ClientConfig;
  #opened: pg.Client[] = [];
  #shards = new Map<string, Promise<pg.Client>>();

  constructor(cluster: TestCluster, shards: number, defaults: pg.ClientConfig = {}) {
    this.cluster = cluster;
    this.shardNames = Array.from({ length: shards }, (_, i) => `s${i + 1}`);
    this.defaults = defaults;
  }

  /** A session at the gateway; role and database are postgres unless told otherwise. */
  async open(config: pg.ClientConfig = {}): Promise<pg.Client> {
    const { port } = this.cluster;
    const address = { host: "127.0.0.1", port, user: "postgres", database: "postgres" };
    return this.#connect({ ...address, ...this.defaults, ...config });
  }

  /** A session of the superuser `shardgres` at a shard, the same one for every call. */
  shard(name: string, database = "postgres"): Promise<pg.Client> {
    const key = `${name} ${database}`;
    const known = this.#shards.get(key);
    if (known !== undefined) return known;
    const opened = this.#openShard(name, database);
    this.#shards.set(key, opened);
    return opened;
  }

  /** Rows that a query gives on each shard. */
  async onShards(sql: string, database = "postgres"): Promise<Record<string, RowText[]>> {
    const entries = await Promise.all(
      this.shardNames.map(async (name) => [name, await rowsOf(await this.shard(name, database), sql)] as const),
    );
    return Object.fromEntries(entries);
  }

  /** The same rows for every shard: what `onShards` should give. */
  everywhere(...rows: RowText[]): Record<string, RowText[]> {
    return Object.fromEntries(this.shardNames.map((name) => [name, rows]));
  }

  /** Values of the column of a distributed table, by the shard that has them; at least one on each. */
  async keysByShard(table: string, column: string): Promise<number[][]> {
    const rows = await this.onShards(`select ${column} from ${table} order by ${column}`);
    const keys = this.shardNames.map((name) => (rows[name] ?? []).map(Number));
    if (keys.some(({ length }) => length === 0)) throw new Error(`not every shard has rows of ${table}`);
    return keys;
  }

  /** Gives up the sessions of one database at the shards, so that it can be dropped. */
  async leave(database: string): Promise<void> {
    for (const name of this.shardNames) {
      const key = `${name} ${database}`;
      const client = await this.#shards.get(key);
      this.#shards.delete(key);
      await client?.end();
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((client) => client.end().catch(() => {})));
  }

  async #openShard(name: string, database: string): Promise<pg.Client> {
    const address = await this.cluster.shardAddress(name);
    const login = { user: "shardgres", password: this.cluster.adminPassword };
    // Or else "$user" would be the gateway's own schema.
    return this.#connect({ ...address, ...login, database, options: "-c search_path=public" });
  }

  async #connect(config: pg.ClientConfig): Promise<pg.Client> {
    const client = new pg.Client(config);
    // A connection that is cut off on purpose tells it to the query that runs; nobody else has to hear it.
    client.on("error", () => {});
    await client.connect();
    this.#opened.push(client);
    return client;
  }
}

const asText = { getTypeParser: () => (value: string) => value };

export async function rowsOf(client: pg.Client, sql: string, values: unknown[] = []): Promise<RowText[]> {
  const query = { text: sql, values, rowMode: "array" as const, types: asText };
  const { rows } = await client.query<(string | null)[]>(query);
  return rows.map((row) => row.map((value) => value ?? "null").join("|"));
}

/** Runs the statements one after the other, each as a message of its own. */
export async function runAll(client: pg.Client, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}
