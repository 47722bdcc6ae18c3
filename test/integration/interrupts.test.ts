// Cancel requests reach a session whatever it is doing: on all shards, between them, and while it waits for a connection;
// but not a commit that is decided.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cancelRequest } from "../support/cancel-request.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
/** Other sessions at the shards: in a transaction pg_stat_activity stands still. */
let lockers: ClusterClients;
let client: pg.Client;
/** A key of `account` on each shard. */
let [a, b, c]: number[] = [];

const byUser = { code: "57014", message: "canceling statement due to user request" };
const name = "interrupted";

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  lockers = new ClusterClients(cluster, 3);
  client = await clients.open({ application_name: name });
  await runAll(
    client,
    "create table account (id int primary key, balance int not null)",
    "create table slow (id int primary key)",
    "create table journal (entry text)",
    "create table copied (id int primary key, balance int)",
    "select create_distributed_table('account', 'id')",
    "select create_distributed_table('slow', 'id')",
    "select create_distributed_table('copied', 'id')",
    "insert into account select n, 100 from generate_series(1, 60) n",
  );
  [a, b, c] = (await clients.keysByShard("account", "id")).map(([first]) => first!) as [number, number, number];
});
afterEach(async () => {
  await client.query("rollback");
  expect(await clients.onShards("select from pg_prepared_xacts")).toEqual(clients.everywhere());
  // Nothing goes on working for it.
  await eventually(async () => (await working()).length === 0);
});
afterAll(async () => {
  await clients?.end();
  await lockers?.end();
  await cluster?.stop();
});

/** What the shards are doing for the session. */
async function working(): Promise<string[]> {
  const sql = `select query from pg_stat_activity where application_name = '${name}' and state = 'active'`;
  return Object.values(await clients.onShards(sql)).flat();
}

const update = (id: number | undefined) => `update account set balance = 1 where id = ${id}`;
const sleepAt = (id: number | undefined) => `select pg_sleep(100) from account where id = ${id}`;

/** Cancels `query` as soon as a shard works on it; the cluster must say 57014, and serve the session again. */
async function isCancelled(query: string | pg.QueryConfig): Promise<void> {
  const answer = expect(client.query(query)).rejects.toMatchObject(byUser);
  await eventually(async () => (await working()).length > 0);
  await cancelRequest(cluster.port, client);
  await answer;
}

describe("a cancel request stops", () => {
  test.each([
    ["one shard", () => sleepAt(b)],
    [
      "one shard, by the extended protocol",
      () => ({ text: `${sleepAt(undefined).replace("undefined", "$1")}`, values: [b] }),
    ],
    ["a statement of several", () => `${update(a)}; ${sleepAt(b)}; ${update(c)}`],
  ])("%s", async (_, query) => {
    await isCancelled(query());
    expect(await rowsOf(client, "select count(*) from account where balance <> 100")).toEqual(["0"]);
  });

  test.each([
    ["a write on all shards", "update account set balance = balance + 1"],
    ["rows that are put together", "select id from account order by id"],
    ["a query that is gathered", "select count(distinct balance) from account"],
    ["an insert of a query's rows", "insert into copied select id, balance from account"],
    ["an insert split by key", "insert into account select n, 1 from generate_series(100, 130) n"],
    ["COPY TO", "copy account to stdout"],
    ["COPY of a query", "copy (select id from account) to stdout"],
    ["DDL", "alter table account add column more int"],
    ["an index made shard by shard", "create index concurrently on account (balance)"],
  ])("%s while a shard waits for a lock", async (_, sql) => {
    const shard = await lockers.shard("s3");
    await runAll(shard, "begin", "lock table account");
    try {
      await isCancelled(sql);
      if (!sql.includes("concurrently")) {
        await client.query("begin");
        await isCancelled(sql);
        await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
      }
      await client.query("rollback");
    } finally {
      await shard.query("rollback");
    }
    expect(await rowsOf(client, "select count(*), sum(balance) from account")).toEqual(["60|6000"]);
    expect(await clients.onShards("select count(*) from pg_index where not indisvalid")).toEqual(
      clients.everywhere("0"),
    );
  });

  test("nothing when the session is idle", async () => {
    await cancelRequest(cluster.port, client);
    await runAll(client, "begin", update(a), update(b));
    await cancelRequest(cluster.port, client);
    expect(await rowsOf(client, `select balance from account where id = ${a}`)).toEqual(["1"]);
  });
});
