// A client that lives through the death of its gateway: a broken connection is given up, and the next use opens another.
import pg from "pg";
import { delay } from "../../src/base/delay.ts";

export class ReconnectingClient {
  readonly #config: pg.ClientConfig;
  readonly #opening: readonly string[];
  #client: pg.Client | undefined;

  /** `opening`: statements that every new connection begins with. */
  constructor(config: pg.ClientConfig, opening: readonly string[] = []) {
    this.#config = config;
    this.#opening = opening;
  }

  /** The connection, or a new one: tries until there is one, or `stop`. */
  async connected(stop: AbortSignal): Promise<pg.Client> {
    for (;;) {
      if (this.#client !== undefined) return this.#client;
      stop.throwIfAborted();
      const client = new pg.Client({ ...this.#config, connectionTimeoutMillis: 10_000 });
      client.on("error", () => this.#forget(client));
      client.on("end", () => this.#forget(client));
      try {
        await client.connect();
        for (const sql of this.#opening) await client.query(sql);
        this.#client = client;
      } catch {
        await client.end().catch(() => {});
        await delay(50);
      }
    }
  }

  /** Rolls back what may be open; where that fails the connection is given up. */
  async reset(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    try {
      await client.query("rollback");
    } catch {
      this.#forget(client);
      await client.end().catch(() => {});
    }
  }

  async end(): Promise<void> {
    await this.#client?.end().catch(() => {});
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
  }
}
