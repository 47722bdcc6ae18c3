// Tellers: clients that move money for as long as they are let, and remember what they were told about it.

import { gidOf, mayHaveCommitted, sqlStateOf } from "../support/lost-answer.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { ReconnectingClient } from "../support/reconnecting-client.ts";
import { type Account, type Bank, shardCount, type Transfer } from "./bank.ts";
import { ways } from "./transfers.ts";

export type Outcome = "committed" | "aborted" | "unknown";

export interface Remembered extends Transfer {
  readonly way: string;
  readonly outcome: Outcome;
  /** What the client may ask with, where it was told. */
  readonly gid?: string | undefined;
}

export class Tellers {
  readonly transfers: Remembered[] = [];
  /** How often transfers ended with which SQLSTATE; "lost": with the connection. */
  readonly errors = new Map<string, number>();
  readonly #bank: Bank;
  #ids = 0;
  /** By shard: when the latest of the acknowledged transfers began. */
  #latest = new Array<number>(shardCount).fill(0);

  constructor(bank: Bank) {
    this.#bank = bank;
  }

  /** Works with `count` clients until `stop`. */
  async work(count: number, seed: number, stop: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.#workAlone(seededRandom(seed + i), stop)));
  }

  /** Whether transfers begun since then have been acknowledged on every shard. */
  areWorkingSince(time: number): boolean {
    return this.#latest.every((began) => began > time);
  }

  async #workAlone(random: Random, stop: AbortSignal): Promise<void> {
    // A lock may be held by a transaction that waits for its shard; whoever waits gives way in the end.
    const client = new ReconnectingClient(this.#bank.login, ["set lock_timeout = '1s'"]);
    try {
      while (!stop.aborted) {
        const connection = await client.connected(stop).catch(() => undefined);
        if (connection === undefined) break;
        const way = random.pick(Object.keys(ways));
        const transfer = this.#chooseTransfer(random);
        const began = performance.now();
        let isCommitting = false;
        try {
          await ways[way]!(connection, transfer, () => {
            isCommitting = true;
          });
          this.transfers.push({ ...transfer, way, outcome: "committed" });
          for (const { shard } of [transfer.from, transfer.to])
            this.#latest[shard] = Math.max(this.#latest[shard]!, began);
        } catch (error) {
          const code = sqlStateOf(error);
          const outcome = isCommitting && mayHaveCommitted(error) ? "unknown" : "aborted";
          this.transfers.push({ ...transfer, way, outcome, gid: gidOf(error) });
          this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
          await client.reset();
        }
      }
    } finally {
      await client.end();
    }
  }

  #chooseTransfer(random: Random): Transfer {
    const { accounts } = this.#bank;
    const from = random.pick(accounts);
    const isNear = random.below(4) === 0;
    const others = accounts.filter((to: Account) => to !== from && (to.shard === from.shard) === isNear);
    return { id: ++this.#ids, from, to: random.pick(others), amount: 1 + random.below(20) };
  }
}
