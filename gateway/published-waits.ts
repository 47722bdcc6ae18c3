// What this gateway tells the others about its waiting sessions, and hears of theirs (src/catalog/wait-schema.ts).
import { publishWaitsSql, waitSchemaSql, waitsOfOthersSql, withdrawWaitsSql } from "../src/catalog/wait-schema.ts";
import type { KeptConnections } from "../src/pool/kept-connections.ts";
import type { Topology } from "../src/topology/snapshot.ts";
import type { Actor } from "../src/transaction/wait-graph.ts";

/** Well within the time after which others take a row for that of a gateway that is gone. */
const renewMs = 3_000;

export class PublishedWaits {
  #gateway: string;
  #connections: KeptConnections;
  #topology: () => Topology;
  #isTableThere = false;
  #published = "";
  #publishedAtMs = 0;

  constructor(gateway: string, connections: KeptConnections, topology: () => Topology) {
    this.#gateway = gateway;
    this.#connections = connections;
    this.#topology = topology;
  }

  /** Resolves with the actors of all other gateways. */
  async exchange(own: readonly Actor[]): Promise<Actor[]> {
    const text = JSON.stringify(own);
    const now = performance.now();
    if (text !== this.#published || now - this.#publishedAtMs > renewMs) {
      await this.#query(publishWaitsSql, [this.#gateway, text]);
      this.#published = text;
      this.#publishedAtMs = now;
    }
    const rows = await this.#query<{ actors: Actor[] }>(waitsOfOthersSql, [this.#gateway]);
    return rows.flatMap(({ actors }) => actors);
  }

  async withdraw(): Promise<void> {
    if (this.#published === "") return;
    this.#published = "";
    await this.#query(withdrawWaitsSql, [this.#gateway]);
  }

  async #query<Row extends Record<string, unknown>>(sql: string, values: unknown[]): Promise<Row[]> {
    const { home } = this.#topology();
    for (;;) {
      if (!this.#isTableThere) await this.#connections.query(home, waitSchemaSql);
      try {
        const rows = await this.#connections.query<Row>(home, sql, values);
        this.#isTableThere = true;
        return rows;
      } catch (error) {
        // Another home shard, or somebody has dropped it. Made just now, it is there.
        if (!this.#isTableThere || (error as { code?: unknown }).code !== "42P01") throw error;
        this.#isTableThere = false;
      }
    }
  }
}
