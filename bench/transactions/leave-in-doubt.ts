// Transactions that their gateway has left behind, made by hand: prepared on one shard, and every other one committed on its
// keeper. The controller has to end them. They write nothing but the record, so that they hold no lock of an account.
import type pg from "pg";
import { recordCommitSql } from "../../src/transaction/commit-record.ts";
import { formatGid } from "../../src/transaction/gid.ts";
import type { Bank } from "./bank-cluster.ts";

export class Forsaker {
  /** Transactions left behind. */
  left = 0;
  readonly #bank: Bank;
  readonly #shards: readonly pg.Client[];
  readonly #secret: string;
  readonly #origin = `bench_${Date.now().toString(36)}`;

  private constructor(bank: Bank, shards: readonly pg.Client[], secret: string) {
    this.#bank = bank;
    this.#shards = shards;
    this.#secret = secret;
  }

  static async open(bank: Bank): Promise<Forsaker> {
    const shards = await Promise.all(bank.shardNames.map((_, shard) => bank.openShard(shard)));
    const { rows } = await shards[0]!.query<{ secret: string }>("SELECT secret FROM shardgres.cluster_secret");
    const forsaker = new Forsaker(bank, shards, rows[0]!.secret);
    for (const shard of shards) await shard.query("SELECT shardgres.announce($1, 0)", [forsaker.#origin]);
    return forsaker;
  }

  async leaveOne(): Promise<void> {
    const { clusterId, shardNames } = this.#bank;
    const number = ++this.left;
    const keeper = number % shardNames.length;
    const other = (number + 1) % shardNames.length;
    const gid = formatGid({ clusterId, origin: this.#origin, number, keeper: shardNames[keeper]! });
    const record = recordCommitSql(gid, [shardNames[keeper]!, shardNames[other]!], this.#secret);
    await this.#shards[other]!.query(`BEGIN; ${record}; PREPARE TRANSACTION '${gid}'`);
    if ((number >> 1) % 2 === 0) await this.#shards[keeper]!.query(record);
  }

  /** Prepared transactions that are still there, of anybody. */
  async inDoubt(): Promise<number> {
    const counts = await Promise.all(
      this.#shards.map((shard) => shard.query<{ n: number }>("SELECT count(*)::int AS n FROM pg_prepared_xacts")),
    );
    return counts.reduce((sum, { rows }) => sum + rows[0]!.n, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.end()));
  }
}
