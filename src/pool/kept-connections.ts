// Questions about the shards themselves: one connection to each shard's database postgres, opened when it is needed and
// kept, on which nothing ever waits for a lock. (On those of AdminConnections.query something may.) A shard that does not
// answer is not waited for: its question fails, and its connection is given up.
import type pg from "pg";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import type { AdminConnections } from "./admin-connections.ts";

interface Kept {
  readonly client: Promise<pg.Client>;
  /** Of the shard's primary when it was opened. */
  readonly term: number | undefined;
}

export class KeptConnections {
  #admin: AdminConnections;
  #topology: () => Topology;
  #answerTimeoutMs: number;
  #kept = new Map<ShardName, Kept>();

  constructor(admin: AdminConnections, topology: () => Topology, answerTimeoutMs: number) {
    this.#admin = admin;
    this.#topology = topology;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** Rejects as `pg` does, or when the answer takes too long. */
  async query<Row extends pg.QueryResultRow>(shard: ShardName, sql: string, values: unknown[] = []): Promise<Row[]> {
    const kept = this.#get(shard);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer of shard "${shard}"`)), this.#answerTimeoutMs);
      timer.unref();
    });
    try {
      const answer = kept.client.then((client) => client.query<Row>(sql, values));
      const { rows } = await Promise.race([answer, late]);
      return rows;
    } catch (error) {
      // An error of the statement leaves the connection as it was.
      if (!isSqlError(error)) this.#giveUp(shard, kept);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map(({ client }) => client.then((opened) => opened.end()).catch(() => {})));
  }

  #get(shard: ShardName): Kept {
    const term = this.#topology().shards.get(shard)?.term;
    const present = this.#kept.get(shard);
    if (present !== undefined && present.term === term) return present;
    if (present !== undefined) this.#giveUp(shard, present);
    const kept: Kept = { client: this.#admin.connect(shard, "postgres"), term };
    this.#kept.set(shard, kept);
    kept.client.then(
      (client) => client.on("end", () => this.#forget(shard, kept)),
      () => this.#forget(shard, kept),
    );
    return kept;
  }

  #giveUp(shard: ShardName, kept: Kept): void {
    this.#forget(shard, kept);
    kept.client.then((client) => client.end()).catch(() => {});
  }

  #forget(shard: ShardName, kept: Kept): void {
    if (this.#kept.get(shard) === kept) this.#kept.delete(shard);
  }
}

function isSqlError(error: unknown): boolean {
  return error instanceof Error && "severity" in error && error.severity === "ERROR";
}
