// What clients of a gateway notice while shards get other primaries: a pause. Real servers; the test is the tablet agents.
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { type FailoverStage, onServer, type StagedShard, startFailoverStage } from "../support/failover-stage.ts";

let stage: FailoverStage;
let client: pg.Client;
let [home, other]: StagedShard[] = [];
/** Keys of `account`, on s1 and on s2. */
let [a, b]: number[] = [];

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
  [a, b] = await Promise.all(
    [home, other].map(async ({ primary }) => {
      const [row] = await onServer(primary, "select id from account order by id limit 1");
      return Number(row!.id);
    }),
  );
}, 120_000);
afterAll(() => stage?.stop());

/** Runs again and again until it is stopped; counts. */
function keepDoing(work: () => Promise<unknown>): { stop(): Promise<{ done: number; pauseMs: number }> } {
  let isStopping = false;
  const run = async () => {
    let [done, pauseMs] = [0, 0];
    for (; !isStopping; done++) {
      const began = performance.now();
      await work();
      pauseMs = Math.max(pauseMs, performance.now() - began);
    }
    return { done, pauseMs };
  };
  const running = run();
  running.catch(() => {});
  return {
    stop() {
      isStopping = true;
      return running;
    },
  };
}

const add = (id: number | undefined, more = 1) => `update account set balance = balance + ${more} where id = ${id}`;

test("planned switchovers: whatever clients do, nothing fails and nothing is lost", { timeout: 120_000 }, async () => {
  await client.query("update account set balance = 0");
  const sessions = await Promise.all(Array.from({ length: 8 }, () => stage.open()));
  const [simple, reader, extended, named, block, blocks, both, everywhere] = sessions;
  const work = [
    keepDoing(() => simple!.query(add(b))),
    keepDoing(() => reader!.query(`select balance from account where id = ${b}`)),
    keepDoing(() => extended!.query("update account set balance = balance + 1 where id = $1", [b])),
    keepDoing(() =>
      named!.query({ name: "add", text: "update account set balance = balance + 1 where id = $1", values: [a] }),
    ),
    keepDoing(() => runAll(block!, "begin", add(b), add(b, -1), "commit")),
    keepDoing(() => runAll(blocks!, "begin", add(a, -1), add(b), "commit")),
    keepDoing(() => both!.query("select sum(balance), count(*) from account")),
    keepDoing(() => everywhere!.query("update account set balance = balance + 1 where id > 90")),
  ];
  for (const shard of [other!, home!, other!]) {
    await delay(200);
    await shard.switchOver();
  }
  await delay(200);
  const results = await Promise.all(work.map((each) => each.stop()));
  const [singles, , extendeds, nameds, , , , everywheres] = results.map(({ done }) => done);
  expect(await rowsOf(client, "select sum(balance) from account")).toEqual([
    String(singles! + extendeds! + nameds! + 10 * everywheres!),
  ]);
  expect(Math.min(...results.map(({ done }) => done))).toBeGreaterThan(10);
});
