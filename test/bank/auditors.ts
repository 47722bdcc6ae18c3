// Auditors: clients that count all the money again and again, in every way in which several shards can be read at once.
import type pg from "pg";
import { sqlStateOf } from "../support/lost-answer.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { ReconnectingClient } from "../support/reconnecting-client.ts";
import { type Bank, shardCount } from "./bank.ts";

/** All the sums that one audit has seen; each of them should be the total. */
type Audit = (client: pg.Client, bank: Bank) => Promise<number[]>;

const scatterSum = "select sum(balance)::int as sum from account";
/** The rows travel to one shard, which adds them up. */
const gatherSum =
  "select sum(balance)::int as sum from (select balance from account order by balance offset 0) all_of_them";

export const audits: Readonly<Record<string, Audit>> = {
  "one statement, summed on the shards": async (client) => [await sumOf(client, scatterSum)],

  "one statement, gathered": async (client) => [await sumOf(client, gatherSum)],

  "one statement, every row": async (client) => [await sumOfRows(client)],

  "statements of a block": async (client) => {
    await client.query("begin");
    const sums = [await sumOf(client, scatterSum), await sumOf(client, gatherSum), await sumOfRows(client)];
    await client.query("commit");
    return sums;
  },

  "REPEATABLE READ": async (client, bank) => {
    await client.query("begin isolation level repeatable read");
    const sums = [await sumOf(client, scatterSum), await sumByShard(client, bank), await sumOf(client, gatherSum)];
    sums.push(await sumOfRows(client), await sumOf(client, scatterSum));
    await client.query("commit");
    return sums;
  },

  "REPEATABLE READ, shard by shard": async (client, bank) => {
    await client.query("begin isolation level repeatable read read only");
    const sums = [await sumByShard(client, bank), await sumByShard(client, bank)];
    await client.query("commit");
    return sums;
  },
};

export class Auditors {
  /** Audits that came to their end, by name. */
  readonly done = new Map<string, number>();
  /** Those that saw anything else than the total. */
  readonly wrong: string[] = [];
  readonly errors = new Map<string, number>();
  readonly #bank: Bank;
  readonly #opening: readonly string[];

  /** `opening`: settings of their sessions. */
  constructor(bank: Bank, opening: readonly string[] = []) {
    this.#bank = bank;
    this.#opening = opening;
  }

  async work(count: number, seed: number, stop: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.#workAlone(seededRandom(seed + i), stop)));
  }

  async #workAlone(random: Random, stop: AbortSignal): Promise<void> {
    const client = new ReconnectingClient(this.#bank.login, this.#opening);
    try {
      while (!stop.aborted) {
        const connection = await client.connected(stop).catch(() => undefined);
        if (connection === undefined) break;
        const name = random.pick(Object.keys(audits));
        try {
          const sums = await audits[name]!(connection, this.#bank);
          this.done.set(name, (this.done.get(name) ?? 0) + 1);
          if (sums.some((sum) => sum !== this.#bank.total)) this.wrong.push(`${name}: ${sums.join(", ")}`);
        } catch (error) {
          const code = sqlStateOf(error);
          this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
          await client.reset();
        }
      }
    } finally {
      await client.end();
    }
  }
}

async function sumOf(client: pg.Client, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ sum: number }>(sql, values);
  return rows[0]!.sum;
}

async function sumOfRows(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ balance: number }>("select balance from account");
  return rows.reduce((sum, { balance }) => sum + balance, 0);
}

async function sumByShard(client: pg.Client, { accounts }: Bank): Promise<number> {
  let sum = 0;
  for (let shard = 0; shard < shardCount; shard++) {
    const ids = accounts.filter((account) => account.shard === shard).map(({ id }) => id);
    sum += await sumOf(client, `select sum(balance)::int as sum from account where id in (${ids.join(", ")})`);
  }
  return sum;
}
