// A read over two shards of which one takes its snapshot much later than the other: in between a distributed transaction
// is not only committed but closed, so that nobody lists it any more.
import type pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let writer: pg.Client;
/** A key on each shard. */
let keys: number[];

beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
  clients = new ClusterClients(cluster, 2);
  writer = await clients.open();
  await writer.query("create table account (id int primary key, balance int)");
  await writer.query("select create_distributed_table('account', 'id')");
  await writer.query("insert into account select g, 100 from generate_series(1, 20) g");
  keys = (await clients.keysByShard("account", "id")).map(([first]) => first!);
});

afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

/** How often the writer's gateway announces what is closed while the reader is held up. */
test.each([
  ["read committed", 0, 1],
  ["read committed", 1, 1],
  ["read committed", 0, 3],
  ["repeatable read", 1, 1],
  ["repeatable read", 0, 3],
] as const)("%s, shard %d first, closed %d times: no half of a transaction is seen", async (level, early, times) => {
  const late = 1 - early;
  const reader = await clients.open();
  // In a transaction block its connections stay the same; afterwards the pool gives them again.
  await reader.query("begin");
  const pidOn = (shard: number) => rowsOf(reader, `select pg_backend_pid() from account where id = ${keys[shard]}`);
  const [[earlyPid], [latePid]] = [await pidOn(early), await pidOn(late)];
  if (level === "repeatable read") await reader.query("commit; begin isolation level repeatable read");
  const goOn = () => void process.kill(Number(latePid), "SIGCONT");
  process.kill(Number(latePid), "SIGSTOP");
  onTestFinished(goOn);

  const earlyShard = await clients.shard(clients.shardNames[early]!);
  const activity = `select state, state_change from pg_stat_activity where pid = ${earlyPid}`;
  const [before] = await rowsOf(earlyShard, activity);
  const reading = rowsOf(reader, "select sum(balance) from account");
  // The one shard has answered; the other has not even been able to read the question.
  await eventually(async () => {
    const [now] = await rowsOf(earlyShard, activity);
    return now !== before && now!.startsWith("idle in transaction|");
  });
  for (let i = 0; i < times; i++) {
    await writer.query("begin");
    await writer.query(`update account set balance = balance - 10 where id = ${keys[early]}`);
    await writer.query(`update account set balance = balance + 10 where id = ${keys[late]}`);
    await writer.query("commit");
    await eventually(isAllClosed);
  }
  goOn();
  expect(await reading).toEqual(["2000"]);
  await reader.query("rollback");
});

async function isAllClosed(): Promise<boolean> {
  const open = "select count(*) from shardgres.commits join shardgres.origins using (origin) where number > closed";
  return Object.values(await clients.onShards(open)).every(([count]) => count === "0");
}
