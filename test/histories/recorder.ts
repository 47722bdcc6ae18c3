// Concurrent clients that carry out a workload, and write down what they did and saw.
import assert from "node:assert/strict";
import type pg from "pg";
import { mayHaveCommitted, sqlStateOf } from "../support/lost-answer.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { ReconnectingClient } from "../support/reconnecting-client.ts";
import type { Key, Statement, Transaction, Write } from "./checker/history.ts";
import type { Data } from "./data.ts";
import type { PlannedStatement, PlannedTransaction, Workload } from "./workload.ts";

export interface RecorderOptions {
  readonly data: Data;
  readonly workload: Workload;
  readonly shardOf: (key: Key) => number;
  readonly login: pg.ClientConfig;
  /** Settings of every session. */
  readonly opening?: readonly string[];
}

export class Recorder {
  readonly transactions: Transaction[] = [];
  /** How often transactions ended with which SQLSTATE; "lost": with the connection. */
  readonly errors = new Map<string, number>();
  readonly #options: RecorderOptions;
  #transactionCount = 0;
  #valueCount = 0;
  /** By shard: when the latest of the acknowledged transactions began. */
  #latest = new Map<number, number>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  async work(count: number, seed: number, stop: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.#workAlone(i, seededRandom(seed + i), stop)));
  }

  /** Whether transactions begun since then have been acknowledged on each of the shards. */
  isWorkingSince(time: number, shards: readonly number[]): boolean {
    return shards.every((shard) => (this.#latest.get(shard) ?? 0) > time);
  }

  async #workAlone(session: number, random: Random, stop: AbortSignal): Promise<void> {
    const { login, opening = [], workload } = this.#options;
    // Writers meet in any order; whoever waits gives way in the end.
    const client = new ReconnectingClient(login, ["set lock_timeout = '150ms'", ...opening]);
    try {
      while (!stop.aborted) {
        const connection = await client.connected(stop).catch(() => undefined);
        if (connection === undefined) break;
        const plan = workload.next(random);
        let isWhole = await this.#transact(session, connection, plan);
        if (isWhole && random.below(2) === 0)
          isWhole = await this.#transact(session, connection, lookAfter(plan, random));
        if (!isWhole) await client.reset();
      }
    } finally {
      await client.end();
    }
  }

  async #transact(session: number, client: pg.Client, plan: PlannedTransaction): Promise<boolean> {
    const id = ++this.#transactionCount;
    const startedAt = performance.now();
    const statements: Statement[] = [];
    const record = (outcome: Transaction["outcome"], endedAt: number | undefined) =>
      this.transactions.push({ id, session, level: plan.level, outcome, startedAt, endedAt, statements });
    let isCommitting = false;
    // COMMIT with a warning: it is decided, but some shard does not show it yet.
    let isLate = false;
    const hear = () => {
      isLate = true;
    };
    client.on("notice", hear);
    try {
      if (plan.isBlock) await client.query(`begin isolation level ${plan.level}`);
      for (const statement of plan.statements) {
        isCommitting = !plan.isBlock;
        await this.#carryOut(client, statement, statements);
      }
      isCommitting = true;
      if (plan.isBlock) assert.equal((await client.query("commit")).command, "COMMIT");
      record("committed", isLate ? undefined : performance.now());
      for (const { keys } of plan.statements)
        for (const key of keys) this.#noteProgress(this.#options.shardOf(key), startedAt);
      return true;
    } catch (error) {
      const code = sqlStateOf(error);
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
      record(isCommitting && mayHaveCommitted(error) ? "unknown" : "aborted", undefined);
      return false;
    } finally {
      client.off("notice", hear);
    }
  }

  async #carryOut(client: pg.Client, { kind, keys }: PlannedStatement, statements: Statement[]): Promise<void> {
    const { data } = this.#options;
    const startedAt = performance.now();
    if (kind === "read") {
      statements.push({ kind, startedAt, reads: await data.read(client, keys) });
      return;
    }
    const writes: Write[] = keys.map((key) => ({ key, value: ++this.#valueCount }));
    // Before the answer, which may be lost.
    statements.push({ kind, startedAt, writes });
    statements[statements.length - 1] = { kind, startedAt, writes: await data.write(client, writes) };
  }

  #noteProgress(shard: number, startedAt: number): void {
    this.#latest.set(shard, Math.max(this.#latest.get(shard) ?? 0, startedAt));
  }
}

/** Looks at one of the keys that have just been used: what was written must be there. */
function lookAfter({ statements }: PlannedTransaction, random: Random): PlannedTransaction {
  const keys = [random.pick(random.pick(statements).keys)];
  return { level: "read committed", isBlock: false, statements: [{ kind: "read", keys }] };
}
