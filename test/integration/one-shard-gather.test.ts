// A gathered query whose parts all run on one and the same shard sees one moment there, as one PostgreSQL would: a commit
// between its parts shows in all of them or in none. The commit is made while a part waits for a lock.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;
let shard: pg.Client;

beforeAll(async () => {
  cluster = await startCluster({ shards: 1 });
  clients = new ClusterClients(cluster, 1);
  shard = await clients.shard("s1");
  await runAll(
    await clients.open(),
    "create table account (id int primary key, balance int not null)",
    "create table other_account (id int primary key, balance int not null)",
    "create table home_account (id int primary key, balance int not null)",
    "select create_distributed_table('account', 'id')",
    "select create_distributed_table('other_account', 'id', colocate_with => 'none')",
    "insert into account values (1, 60), (2, 40)",
    "insert into other_account values (1, 100)",
    "insert into home_account values (1, 100)",
  );
});
beforeEach(async () => {
  client = await clients.open();
});
afterEach(() => client.end());
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

const all = "(select sum(balance) from account)";
const queries = {
  "two inputs": `select ${all} + (select sum(balance) from other_account)`,
  "an input and a table of the final query": `select ${all} + (select sum(balance) from home_account)`,
  "the same with a parameter": `select ${all} + (select sum(balance) from home_account where id < $1)`,
  "a recursive query": `with recursive n(i) as (select 1 union all select i + 1 from n where i < 2)
    select ${all} + (select sum(balance) from home_account) from n limit 1`,
};
const levels = {
  "outside of a transaction": "",
  "in READ COMMITTED": "begin",
  "in REPEATABLE READ": "begin isolation level repeatable read",
  "in SERIALIZABLE": "begin isolation level serializable",
};

describe.each(Object.entries(queries))("%s", (name, text) => {
  const other = name === "two inputs" ? "other_account" : "home_account";
  const values = text.includes("$1") ? [10] : [];
  // In READ COMMITTED a recursive query still has a snapshot for each of its parts.
  const tried = Object.entries(levels).filter(
    ([level]) => name !== "a recursive query" || /outside|REPEATABLE/.test(level),
  );

  test.each(tried)("%s", async (_, begin) => {
    const sums = ["account set balance = 50", "other_account set balance = 100", "home_account set balance = 100"];
    for (const sum of sums) await shard.query(`update ${sum}`);
    // Once before: what is asked about names and types must not be what waits.
    expect(await rowsOf(client, text, values)).toEqual(["200"]);
    await runAll(shard, "begin", `lock table ${other}`);
    if (begin !== "") await client.query(begin);
    const reading = rowsOf(client, text, values);
    await eventually(
      async () => (await rowsOf(shard, "select from pg_catalog.pg_locks where not granted")).length === 1,
    );
    await runAll(
      shard,
      "update account set balance = balance - 10 where id = 1",
      `update ${other} set balance = balance + 10`,
      "commit",
    );
    expect(await reading).toEqual(["200"]);
    if (begin !== "") await client.query("commit");
  });
});

test("values of the client's own types, and rows in their order", async () => {
  await runAll(
    client,
    "create type mood as enum ('glad', 'sad')",
    "create domain amount as numeric(10,2)",
    "create table person (id int primary key, mood mood, worth amount, note text)",
    "select create_distributed_table('person', 'id', colocate_with => 'none')",
    "insert into person select n, case n % 2 when 0 then 'glad' else 'sad' end::mood, n / 4.0, 'n' || n from generate_series(1, 9) n",
  );
  const text = `select p.mood, p.worth, h.balance, p.note from person p, home_account h, account a
    where a.id = p.id and p.id > $1 order by p.mood desc, p.note limit 3`;
  expect(await rowsOf(client, text, [0])).toEqual(await rowsOf(shard, text, [0]));
  expect((await client.query(text, [0])).fields.map((field) => field.name)).toEqual([
    "mood",
    "worth",
    "balance",
    "note",
  ]);
});
