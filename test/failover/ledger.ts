// Clients that write through the gateway and remember what they were told: rows of their own, and counters that show it
// when something was done twice.
import { delay } from "../../src/base/delay.ts";
import { mayHaveCommitted, sqlStateOf } from "../support/lost-answer.ts";
import { ReconnectingClient } from "../support/reconnecting-client.ts";
import type { Stage } from "./stage.ts";

export const writers = 16;
const pauseMs = 15;

export interface Acknowledged {
  readonly sentAtMs: number;
  readonly atMs: number;
}

/** What a statement, or a transaction, ended with that was not acknowledged. */
export interface Failure {
  /** "lost": the client's own connection. */
  readonly code: string;
  readonly message: string;
  /** In autocommit, in a transaction, or at its COMMIT. */
  readonly place: "autocommit" | "transaction" | "commit";
  readonly atMs: number;
  readonly tookMs: number;
}

interface Counter {
  acknowledged: number;
  unknown: number;
}

export class Ledger {
  readonly acknowledgements: Acknowledged[] = [];
  readonly failures: Failure[] = [];
  readonly #stage: Stage;
  #rows = { acknowledged: new Set<number>(), refused: new Set<number>() };
  #counters = Array.from({ length: writers }, (): Counter => ({ acknowledged: 0, unknown: 0 }));
  #stopping = new AbortController();
  #working: Promise<unknown> | undefined;
  #ids = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Makes the tables, and begins to write. */
  async start(): Promise<void> {
    const client = await this.#stage.open();
    await client.query("CREATE TABLE ledger (id int PRIMARY KEY, writer int NOT NULL)");
    await client.query("CREATE TABLE counter (writer int PRIMARY KEY, n int NOT NULL)");
    await client.query(`INSERT INTO counter SELECT i, 0 FROM generate_series(0, ${writers - 1}) AS i`);
    await this.#stage.release(client);
    this.#working = Promise.all(this.#counters.map((_, writer) => this.#write(writer)));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  /** The longest time without an acknowledgement in an interval. */
  longestGapMs(fromMs: number, toMs: number): number {
    const inside = this.acknowledgements.map(({ atMs }) => atMs).filter((atMs) => atMs >= fromMs && atMs <= toMs);
    const times = [fromMs, ...inside, toMs];
    return Math.max(...times.slice(1).map((atMs, i) => atMs - times[i]!));
  }

  /** What clients have been told by now; gives what contradicts that in the primary's tables. */
  claims(): (ids: ReadonlySet<number>, counters: ReadonlyMap<number, number>) => string[] {
    const acknowledged = [...this.#rows.acknowledged];
    const refused = [...this.#rows.refused];
    const counted = this.#counters.map((counter) => ({ ...counter }));
    return (ids, counters) => [
      ...acknowledged.filter((id) => !ids.has(id)).map((id) => `row ${id} was acknowledged, and is lost`),
      ...refused.filter((id) => ids.has(id)).map((id) => `row ${id} was refused, and is there`),
      ...counted.flatMap(({ acknowledged: least }, writer) => {
        const n = counters.get(writer) ?? 0;
        return n < least ? [`counter ${writer} is ${n}, and ${least} were acknowledged`] : [];
      }),
    ];
  }

  /** After `stop`, when nothing is under way any more: what was counted more often than clients have asked for it. */
  doneTwice(counters: ReadonlyMap<number, number>): string[] {
    return this.#counters.flatMap(({ acknowledged, unknown }, writer) => {
      const n = counters.get(writer) ?? 0;
      return n > acknowledged + unknown ? [`counter ${writer} is ${n}, of ${acknowledged} and ${unknown} unknown`] : [];
    });
  }

  async #write(writer: number): Promise<void> {
    const { signal } = this.#stopping;
    const client = new ReconnectingClient(this.#stage.login);
    try {
      for (let i = writer; !signal.aborted; i++) {
        const connection = await client.connected(signal).catch(() => undefined);
        if (connection === undefined) return;
        const id = ++this.#ids;
        const counter = this.#counters[writer]!;
        const kind = i % 3;
        const insert = { text: "INSERT INTO ledger VALUES ($1, $2)", values: [id, writer] };
        const count = { text: "UPDATE counter SET n = n + 1 WHERE writer = $1", values: [writer] };
        const sentAtMs = performance.now();
        let place: Failure["place"] = kind === 2 ? "transaction" : "autocommit";
        try {
          if (kind === 0) await connection.query(insert);
          if (kind === 1) await connection.query(count);
          if (kind === 2) {
            await connection.query("BEGIN");
            await connection.query(insert);
            await connection.query(count);
            place = "commit";
            await connection.query("COMMIT");
          }
          if (kind !== 1) this.#rows.acknowledged.add(id);
          if (kind !== 0) counter.acknowledged++;
          this.acknowledgements.push({ sentAtMs, atMs: performance.now() });
        } catch (error) {
          const isUnknown = place !== "transaction" && mayHaveCommitted(error);
          if (kind !== 1 && !isUnknown) this.#rows.refused.add(id);
          if (kind !== 0 && isUnknown) counter.unknown++;
          const atMs = performance.now();
          const message = error instanceof Error ? error.message : String(error);
          this.failures.push({ code: sqlStateOf(error), message, place, atMs, tookMs: atMs - sentAtMs });
          await client.reset();
        }
        await delay(pauseMs);
      }
    } finally {
      await client.end();
    }
  }
}
