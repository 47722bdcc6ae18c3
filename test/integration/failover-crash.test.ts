// What clients of a gateway notice when the primary of a shard is killed, or stands still, and its standby takes over: a
// pause, and errors only where nobody can know, or where a transaction is broken off. Commits wait for the standby, so
// nothing that was acknowledged may be missing. Real servers; the test is the tablet agents.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import {
  type FailoverStage,
  onServer,
  type StagedShard,
  signalAll,
  startFailoverStage,
} from "../support/failover-stage.ts";
import { keepDoing } from "../support/keep-doing.ts";

let stage: FailoverStage;
let client: pg.Client;
let [home, other]: StagedShard[] = [];
/** Keys of `account` on s1 and on s2. */
let keys: number[][] = [];

beforeAll(async () => {
  stage = await startFailoverStage(2);
  [home, other] = stage.shards as [StagedShard, StagedShard];
  client = await stage.open();
  await runAll(
    client,
    "create table account (id int primary key, balance int not null default 0)",
    "select create_distributed_table('account', 'id')",
    "insert into account select generate_series(1, 100)",
  );
  keys = await Promise.all(
    stage.shards.map(async ({ primary }) =>
      (await onServer(primary, "select id from account order by id")).map(({ id }) => Number(id)),
    ),
  );
}, 120_000);
afterAll(() => stage?.stop());

/** A client that adds to one row, again and again, and remembers what it has been told. */
class Teller {
  acknowledged = 0;
  unknown = 0;
  /** Codes of errors that say that nothing has happened. */
  readonly refused: string[] = [];
  readonly id: number;
  readonly #add: (id: number) => Promise<unknown>;

  constructor(id: number, add: (id: number) => Promise<unknown>) {
    this.id = id;
    this.#add = add;
  }

  async once(): Promise<void> {
    try {
      await this.#add(this.id);
      this.acknowledged++;
    } catch (error) {
      const { code = String(error) } = error as pg.DatabaseError;
      if (code === "08007") this.unknown++;
      else this.refused.push(code);
    }
  }
}

const addSql = "update account set balance = balance + 1 where id = ";

/** Eight clients with all kinds of statements, on a row of their own of this shard; two of them are in transactions. */
async function tellers(rows: readonly number[], elsewhere: number) {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => stage.open()));
  const [simple, extended, named, many, block, both, reader, readers] = sessions as pg.Client[];
  const inBlock = async (session: pg.Client, ...statements: string[]) => {
    try {
      await runAll(session, "begin", ...statements, "commit");
    } catch (error) {
      await session.query("rollback");
      throw error;
    }
  };
  const alone = [
    new Teller(rows[0]!, (id) => simple!.query(addSql + id)),
    new Teller(rows[1]!, (id) => extended!.query(`${addSql}$1`, [id])),
    new Teller(rows[2]!, (id) => named!.query({ name: "add", text: `${addSql}$1`, values: [id] })),
    // On both shards: in two phases.
    new Teller(rows[3]!, (id) =>
      many!.query(`update account set balance = balance + 1 where id in (${id}, ${elsewhere})`),
    ),
  ];
  const inTransactions = [
    new Teller(rows[4]!, (id) => inBlock(block!, "select 1", addSql + id)),
    new Teller(rows[5]!, (id) => inBlock(both!, addSql + elsewhere, addSql + id)),
  ];
  const work = [...alone, ...inTransactions].map((teller) => keepDoing(() => teller.once()));
  // Reads never fail.
  const reading = [
    keepDoing(() => reader!.query("select balance from account where id = $1", [rows[0]])),
    keepDoing(() => readers!.query("select count(*), sum(balance) from account")),
  ];
  return {
    alone,
    inTransactions,
    /** All have gone on for a while. */
    more: () => Promise.all([...work, ...reading].map((each) => each.more(5))),
    async stop(): Promise<void> {
      await Promise.all([...work, ...reading].map((each) => each.stop()));
      await Promise.all(sessions.map((session) => session.end()));
    },
  };
}

async function balances(): Promise<Map<number, number>> {
  const rows = await rowsOf(client, "select id, balance from account");
  return new Map(rows.map((row) => row.split("|").map(Number) as [number, number]));
}

describe("the primary", () => {
  test.each<[string, () => StagedShard, (shard: StagedShard) => Promise<void>]>([
    ["is killed", () => other!, async (shard) => signalAll(shard.primary, "SIGKILL")],
    [
      "stands still",
      () => home!,
      async (shard) => {
        signalAll(shard.primary, "SIGSTOP");
        await delay(500);
      },
    ],
  ])(
    "%s: reads do not fail, writes only where nobody knows, and nothing is lost",
    { timeout: 120_000 },
    async (_, shardOf, stop) => {
      const shard = shardOf();
      const own = keys[stage.shards.indexOf(shard)]!;
      const elsewhere = keys[1 - stage.shards.indexOf(shard)]![0]!;
      await client.query("update account set balance = 0");
      await shard.synchronous(true);
      const work = await tellers(own, elsewhere);
      await work.more();
      const stopped = shard.primary;
      await stop(shard);
      await shard.nameStandby();
      await shard.promote();
      await work.more();
      await work.stop();
      signalAll(stopped, "SIGCONT");

      const after = await balances();
      for (const { id, acknowledged, unknown } of [...work.alone, ...work.inTransactions]) {
        expect(after.get(id)).toBeGreaterThanOrEqual(acknowledged);
        expect(after.get(id)).toBeLessThanOrEqual(acknowledged + unknown);
        expect(unknown).toBeLessThanOrEqual(3);
      }
      expect(work.alone.flatMap(({ refused }) => refused)).toEqual([]);
      const broken = work.inTransactions.flatMap(({ refused }) => refused);
      expect(broken.every((code) => code === "08006" || code === "57P01")).toBe(true);
      expect(broken.length).toBeLessThanOrEqual(2);
    },
  );
});

test("a server that crashes and comes back by itself: who only reads notices nothing, with a new connection each time or not", async () => {
  const [id] = keys[1]!;
  const sql = `select count(*) from account where id = ${id}`;
  const reading = [
    keepDoing(async () => expect(await rowsOf(client, sql)).toEqual(["1"])),
    keepDoing(async () => {
      const once = new pg.Client({
        host: "127.0.0.1",
        port: stage.gateway.port,
        user: "postgres",
        database: "postgres",
      });
      once.on("error", () => {});
      await once.connect();
      expect(await rowsOf(once, sql)).toEqual(["1"]);
      await once.end();
    }),
  ];
  const more = () => Promise.all(reading.map((each) => each.more(3)));
  for (const shard of stage.shards) {
    await more();
    await shard.primary.restart("immediate");
  }
  await more();
  await Promise.all(reading.map((each) => each.stop()));
});

test("a server that does not come back: when the hold timeout is over, the error says why", async () => {
  const session = await stage.open({ options: "-c shardgres.hold_timeout=200ms" });
  await other!.primary.halt("immediate");
  try {
    await expect(session.query(`select from account where id = ${keys[1]![0]}`)).rejects.toMatchObject({
      code: "57P03",
      message: 'shard "s2" has no primary at present',
      detail: expect.stringMatching(
        /^The statement has waited for 200 ms \(shardgres.hold_timeout\). The last attempt to connect failed: connect ECONNREFUSED /,
      ),
    });
    expect(await rowsOf(session, `select count(*) from account where id = ${keys[0]![0]}`)).toEqual(["1"]);
  } finally {
    await other!.primary.start();
  }
  expect(await rowsOf(session, "select count(*) from account")).toEqual(["100"]);
});
