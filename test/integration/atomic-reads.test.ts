// Readers and a distributed commit that is half done: the keeper shows it, another shard does not yet. It is made by hand,
// behind the gateway's back, in the very form that a gateway gives it, so it stays half done for as long as a test wants.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { backend } from "../../src/pgwire/message-type.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName } from "../../src/topology/snapshot.ts";
import { recordCommitSql } from "../../src/transaction/commit-record.ts";
import { formatGid } from "../../src/transaction/gid.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;
let clusterId = "";
let secret = "";
/** One account on each shard. */
let [a, b, c]: number[] = [];
let transfers = 0;

const total = "select sum(balance) from account";

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
  await runAll(
    client,
    "create table account (id int primary key, balance int not null)",
    "create table home_account (id int primary key, balance int not null)",
    "select create_distributed_table('account', 'id')",
    "insert into account select n, 100 from generate_series(1, 30) n",
    "insert into home_account values (1, 100)",
    "create function anything() returns int volatile language sql as 'select 1'",
  );
  [[a], [b], [c]] = (await clients.keysByShard("account", "id")) as [number[], number[], number[]];
  clusterId = (await readTopology(localStore(`${cluster.dataDir}/topology`))).clusterId;
  secret = (await rowsOf(await clients.shard("s1"), "select secret from shardgres.cluster_secret"))[0]!;
  for (const name of clients.shardNames)
    await (await clients.shard(name)).query("select shardgres.announce('byhand_1', 0)");
});
beforeEach(async () => {
  client = await clients.open();
});
afterEach(async () => {
  await client.end();
  for (const name of clients.shardNames) {
    const shard = await clients.shard(name);
    for (const gid of await rowsOf(shard, "select gid from pg_prepared_xacts")) {
      await shard.query(`commit prepared '${gid}'`);
    }
  }
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

/** A transfer that `from` shows and `to` does not, until the function that it gives is called. */
async function halfTransfer(from: string, to: string, table = "account"): Promise<() => Promise<void>> {
  const keeper = from as ShardName;
  const gid = formatGid({ clusterId, origin: "byhand_1", number: ++transfers, keeper });
  const record = recordCommitSql(gid, [keeper, to as ShardName], secret);
  const keyOn: Record<string, number | undefined> = { s1: a, s2: b, s3: c };
  const [keeperShard, otherShard] = [await clients.shard(from), await clients.shard(to)];
  const take =
    table === "account"
      ? `account set balance = balance - 10 where id = ${keyOn[from]}`
      : `${table} set balance = balance - 10`;
  await runAll(keeperShard, "begin", `update ${take}`, record);
  await runAll(otherShard, "begin", `update account set balance = balance + 10 where id = ${keyOn[to]}`, record);
  await otherShard.query(`prepare transaction '${gid}'`);
  await keeperShard.query("commit");
  return async () => {
    await otherShard.query(`commit prepared '${gid}'`);
  };
}

/** What a reader sees that begins when the commit is half done; it is completed while the reader waits. */
async function readDuring(half: Promise<() => Promise<void>>, read: () => Promise<string[]>): Promise<string[]> {
  const complete = await half;
  const reading = read();
  await delay(60);
  await complete();
  return reading;
}

const sumOf = (lines: readonly string[]) =>
  String(lines.reduce((sum, line) => sum + Number(line.split("|").at(-1)), 0));

const forms: [string, () => Promise<string[]>][] = [
  ["a sum", () => rowsOf(client, total)],
  ["rows", async () => [sumOf(await rowsOf(client, "select balance from account"))]],
  ["rows in order", async () => [sumOf(await rowsOf(client, "select id, balance from account order by id"))]],
  ["parameters", async () => [sumOf(await rowsOf(client, "select balance from account where id > $1", [0]))]],
  [
    "a gather of two inputs",
    () =>
      rowsOf(
        client,
        `select x.s from (${total.replace("sum(balance)", "sum(balance) s")}) x, (select count(distinct balance + id) from account) y`,
      ),
  ],
  [
    "INSERT .. SELECT",
    async () => {
      await client.query("create table if not exists kept (id int, balance int)");
      await client.query("truncate kept");
      await client.query("insert into kept select id, balance from account");
      return rowsOf(client, "select sum(balance) from kept");
    },
  ],
  [
    "CREATE TABLE AS",
    async () => {
      await client.query("drop table if exists taken");
      await client.query("create table taken as select id, balance from account");
      return rowsOf(client, "select sum(balance) from taken");
    },
  ],
  [
    "a view",
    async () => {
      await client.query("create or replace view poor as select balance from account");
      return rowsOf(client, "select sum(balance) from poor");
    },
  ],
];

describe.each([
  ["s1", "s2"],
  ["s3", "s1"],
  ["s2", "s3"],
])("a commit that %s shows and %s does not", (from, to) => {
  test.each(forms)("%s outside of a transaction", async (_, read) => {
    expect(await readDuring(halfTransfer(from, to), read)).toEqual(["3000"]);
  });

  test.each(forms.slice(0, 5))("%s in a READ COMMITTED transaction", async (_, read) => {
    await client.query("begin");
    expect(await readDuring(halfTransfer(from, to), read)).toEqual(["3000"]);
    await client.query("commit");
  });

  test.each(forms.slice(0, 5))("%s in a REPEATABLE READ transaction", async (_, read) => {
    await client.query("begin isolation level repeatable read");
    expect(await readDuring(halfTransfer(from, to), read)).toEqual(["3000"]);
    await client.query("commit");
  });

  test.each([
    "copy (select balance from account) to stdout",
    "copy (select balance from account where anything() = 1) to stdout",
  ])("%s", async (copy) => {
    const raw = await RawClient.ready(cluster.port);
    const read = async () => {
      await raw.query(copy);
      const data = raw.frames.filter(({ type }) => type === backend.copyData).map(({ bytes }) => bytes.subarray(5));
      return [sumOf(Buffer.concat(data).toString().trim().split("\n"))];
    };
    expect(await readDuring(halfTransfer(from, to), read)).toEqual(["3000"]);
    raw.end();
  });

  test("without atomic reads the half is seen", async () => {
    await client.query("set shardgres.atomic_reads = off");
    expect(await readDuring(halfTransfer(from, to), () => rowsOf(client, total))).toEqual(["2990"]);
    await runAll(client, "begin isolation level repeatable read");
    expect(await readDuring(halfTransfer(from, to), () => rowsOf(client, total))).toEqual(["2990"]);
    await client.query("commit");
  });

  test("a reader that has waited a while completes it itself", async () => {
    await halfTransfer(from, to);
    expect(await rowsOf(client, total)).toEqual(["3000"]);
    expect(await clients.onShards("select gid from pg_prepared_xacts")).toEqual(clients.everywhere());
  });

  test("who reads no other participant does not wait", async () => {
    const complete = await halfTransfer(from, to);
    const [own, others] = [
      { s1: a, s2: b, s3: c }[from],
      [a, b, c].filter((id) => id !== { s1: a, s2: b, s3: c }[from]),
    ];
    expect(await rowsOf(client, `select count(*) from account where id = ${own}`)).toEqual(["1"]);
    expect(await rowsOf(client, `select count(*) from account where id in (${others.join()})`)).toEqual(["2"]);
    await complete();
  });
});

test("an unsharded table that the final query reads belongs to the same moment", async () => {
  const both = "select (select sum(balance) from account) + (select sum(balance) from home_account)";
  const before = (await rowsOf(client, both))[0];
  expect(await readDuring(halfTransfer("s1", "s2", "home_account"), () => rowsOf(client, both))).toEqual([before]);
  await client.query("begin");
  expect(await readDuring(halfTransfer("s1", "s3", "home_account"), () => rowsOf(client, both))).toEqual([before]);
  await client.query("commit");
  expect(before).toBe("3100");
  await runAll(client, "update account set balance = 100", "update home_account set balance = 100");
});

test("REPEATABLE READ keeps its snapshot of all shards, also of those that it has not read", async () => {
  const other = await clients.open();
  await runAll(client, "begin isolation level repeatable read", `select from account where id = ${a}`);
  await other.query("update account set balance = balance + 1");
  expect(
    await rowsOf(client, `select balance - 100 from account where id not in (${a}, ${b}, ${c}) group by 1`),
  ).toEqual(["0"]);
  await client.query("commit");
  expect(
    await rowsOf(client, `select balance - 100 from account where id not in (${a}, ${b}, ${c}) group by 1`),
  ).toEqual(["1"]);
  await other.query("update account set balance = balance - 1");
});

test("SET TRANSACTION, SET LOCAL and savepoints before the first query are kept when the snapshot is taken again", async () => {
  const complete = await halfTransfer("s1", "s2");
  await runAll(
    client,
    "begin",
    "set transaction isolation level repeatable read",
    "savepoint s",
    "set local work_mem = '7MB'",
  );
  const reading = rowsOf(client, "select sum(balance), min(current_setting('work_mem')) from account");
  await delay(60);
  await complete();
  expect(await reading).toEqual(["3000|7MB"]);
  await runAll(client, "rollback to s");
  expect(await rowsOf(client, "select sum(balance), min(current_setting('work_mem')) from account")).toEqual([
    "3000|4MB",
  ]);
  await client.query("commit");
});

test("the isolation level that a role has by default counts as well", async () => {
  await runAll(client, "create role careful login", "grant select on account to careful");
  await client.query("alter role careful set default_transaction_isolation = 'repeatable read'");
  const careful = await clients.open({ user: "careful" });
  await runAll(careful, "begin", `select from account where id = ${a}`);
  await client.query("update account set balance = balance + 1");
  expect(await rowsOf(careful, total)).toEqual(["3000"]);
  await careful.query("commit");
  expect(await rowsOf(careful, total)).toEqual(["3030"]);
  await careful.end();
  await runAll(client, "update account set balance = balance - 1", "drop owned by careful", "drop role careful");
});

test("SERIALIZABLE is for one shard, unless the session knows what it means over several", async () => {
  for (const begin of [
    ["begin isolation level serializable"],
    ["set default_transaction_isolation = serializable", "begin"],
  ]) {
    await runAll(client, ...begin);
    await runAll(client, `select from account where id = ${a}`, `update account set balance = balance where id = ${a}`);
    await expect(client.query(`select from account where id = ${b}`)).rejects.toMatchObject({
      code: "0A000",
      message: /SG086/,
    });
    await client.query("rollback");
  }
  await expect(client.query(total)).rejects.toMatchObject({ code: "0A000" });
  await client.query("set shardgres.serializable = per_shard");
  expect(await rowsOf(client, total)).toEqual(["3000"]);
  await runAll(client, "begin", `update account set balance = balance where id in (${a}, ${b})`, total, "commit");
});

test("transfers and readers at full speed: no sum is ever wrong", async () => {
  const until = Date.now() + 3_000;
  const writers = Array.from({ length: 6 }, async (_, i) => {
    const writer = await clients.open();
    for (let n = 0; Date.now() < until; n++) {
      const [from, to] = [((7 * n + i) % 30) + 1, ((11 * n + 3 * i + 1) % 30) + 1];
      if (from === to) continue;
      // In the order of ids, so that they do not deadlock.
      const [first, second] = [Math.min(from, to), Math.max(from, to)];
      const change = (id: number) => `update account set balance = balance + ${id === from ? -1 : 1} where id = ${id}`;
      await runAll(writer, "begin", change(first), change(second), "commit");
    }
  });
  const readers = forms.slice(0, 5).map(async ([name]) => {
    const reader = await clients.open();
    const texts: Record<string, string> = {
      "a sum": total,
      rows: "select balance from account",
      "rows in order": "select balance from account order by id",
    };
    const text =
      texts[name] ??
      `select x.s from (select sum(balance) s from account) x, (select count(distinct balance + id) from account) y`;
    let reads = 0;
    for (; Date.now() < until; reads++) {
      if (reads % 3 === 1) await reader.query("begin");
      if (reads % 3 === 2) await reader.query("begin isolation level repeatable read");
      expect(sumOf(await rowsOf(reader, text)), name).toBe("3000");
      if (reads % 3 > 0) await reader.query("commit");
    }
    return reads;
  });
  const [reads] = await Promise.all([Promise.all(readers), Promise.all(writers)]);
  expect(Math.min(...reads)).toBeGreaterThan(10);
});
