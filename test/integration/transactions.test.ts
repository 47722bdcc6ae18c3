// Transactions over several shards, from the client's side and then behind the gateway's back: all of it, or nothing, on
// every shard; and no prepared transaction that nobody remembers.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ShardName } from "../../src/topology/snapshot.ts";
import { recordCommitSql } from "../../src/transaction/commit-record.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;
let other: pg.Client;
/** Two keys of `account` on each shard. */
let [a1, a2, b1, b2, c1, c2]: number[] = [];

const prepared = "select gid from pg_prepared_xacts";
const records = "select gid from shardgres.commits";

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
  other = await clients.open();
  await runAll(
    client,
    "create table account (id int primary key, balance int not null check (balance >= 0))",
    "create table parent (id int, part int, primary key (id, part))",
    "create table child (id int, part int)",
    "create table ranked (id int, place int, unique (id, place) deferrable initially deferred)",
    "create table rate (currency text primary key, value numeric)",
    "create table journal (entry text)",
    "select create_distributed_table('account', 'id')",
    "select create_distributed_table('parent', 'id')",
    "select create_distributed_table('child', 'id')",
    "alter table child add foreign key (id, part) references parent deferrable initially deferred",
    "select create_distributed_table('ranked', 'id')",
    "select create_reference_table('rate')",
    "insert into account select n, 100 from generate_series(1, 60) n",
  );
  [[a1, a2], [b1, b2], [c1, c2]] = (await clients.keysByShard("account", "id")) as [number[], number[], number[]];
});
beforeEach(async () => {
  // A test that has failed leaves nothing to the next one.
  await client.query("rollback");
  await other.query("rollback");
  await runAll(
    client,
    "truncate parent, child, ranked, rate, journal",
    "update account set balance = 100 where balance <> 100",
  );
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

const setBalance = (id: number | undefined, balance: number) =>
  `update account set balance = ${balance} where id = ${id}`;
const changed = "select count(*) from account where balance <> 100";

/** Rows of `account` that differ from what every test begins with, on each shard. */
const changedOnShards = () => clients.onShards(changed);

async function nothingIsLeft(): Promise<void> {
  expect(await clients.onShards(prepared)).toEqual(clients.everywhere());
}

describe("commit and rollback", () => {
  test("a transaction over all shards is seen by others when it is committed, and not before", async () => {
    await runAll(client, "begin", setBalance(a1, 1), setBalance(b1, 2), setBalance(c1, 3));
    expect(await rowsOf(client, changed)).toEqual(["3"]);
    expect(await rowsOf(other, changed)).toEqual(["0"]);
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await client.query("commit");
    expect(await rowsOf(other, changed)).toEqual(["3"]);
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
    await nothingIsLeft();
  });

  test("ROLLBACK undoes it on every shard", async () => {
    await runAll(client, "begin", setBalance(a1, 1), setBalance(b1, 2), "delete from account");
    expect(await rowsOf(client, "select count(*) from account")).toEqual(["0"]);
    await client.query("rollback");
    expect(await rowsOf(client, "select count(*) from account")).toEqual(["60"]);
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await nothingIsLeft();
  });

  test("END, ABORT and WORK are other words for the same", async () => {
    await runAll(client, "start transaction", setBalance(a1, 1), setBalance(b1, 2), "end work");
    expect(await rowsOf(client, changed)).toEqual(["2"]);
    await runAll(client, "begin work", setBalance(a1, 100), setBalance(b1, 100), "abort transaction");
    expect(await rowsOf(client, changed)).toEqual(["2"]);
  });

  test("unsharded, distributed and reference tables are changed together or not at all", async () => {
    const writes = [
      "insert into journal values ('x')",
      "insert into rate values ('EUR', 1.5)",
      setBalance(b1, 1),
      setBalance(c1, 1),
    ];
    const state = () =>
      clients.onShards(
        "select (select count(*) from journal), (select count(*) from rate), (select count(*) from account where balance <> 100)",
      );
    await runAll(client, "begin", ...writes, "rollback");
    expect(await state()).toEqual(clients.everywhere("0|0|0"));
    await runAll(client, "begin", ...writes, "commit");
    expect(await state()).toEqual({ s1: ["1|1|0"], s2: ["0|1|1"], s3: ["0|1|1"] });
    await nothingIsLeft();
  });

  test("the statements of one message are one transaction over all shards", async () => {
    await expect(
      client.query(`${setBalance(a1, 1)}; ${setBalance(b1, 2)}; insert into account values (${c1}, 1)`),
    ).rejects.toMatchObject({ code: "23505" });
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await client.query(`${setBalance(a1, 1)}; ${setBalance(b1, 2)}; ${setBalance(c1, 3)}`);
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
  });

  test("a chained transaction begins with the modes of the one before", async () => {
    await runAll(client, "begin isolation level repeatable read", setBalance(a1, 1), setBalance(b1, 2));
    await client.query("commit and chain");
    expect(await rowsOf(other, changed)).toEqual(["2"]);
    for (const id of [a1, b1, c1]) {
      expect(
        await rowsOf(client, `select current_setting('transaction_isolation') from account where id = ${id}`),
      ).toEqual(["repeatable read"]);
    }
    await runAll(client, setBalance(c1, 3), "rollback and chain", setBalance(c2, 4));
    expect(await rowsOf(client, "show transaction_isolation")).toEqual(["repeatable read"]);
    await client.query("commit");
    expect(await rowsOf(client, "show transaction_isolation")).toEqual(["read committed"]);
    expect(await rowsOf(other, "select id from account where balance <> 100 order by balance")).toEqual(
      [a1, b1, c2].map(String),
    );
    await expect(client.query("commit and chain")).rejects.toMatchObject({ code: "25P01" });
  });

  test("a client that vanishes leaves no locks and no changes", async () => {
    const vanishing = await clients.open();
    await runAll(vanishing, "begin", setBalance(a1, 1), setBalance(b1, 1), setBalance(c1, 1));
    const gone = vanishing.end();
    await client.query("update account set balance = 7");
    await gone;
    expect(await rowsOf(client, "select distinct balance from account")).toEqual(["7"]);
    await nothingIsLeft();
  });
});

describe("errors", () => {
  test.each([0, 1, 2])("an error on shard %i fails the transaction on all of them", async (position) => {
    const ids = [a1, b1, c1];
    await client.query("begin");
    for (const id of [a2, b2, c2]) await client.query(setBalance(id, 1));
    const error = client.query(`insert into account values (${ids[position]}, 1)`);
    await expect(error).rejects.toMatchObject({ code: "23505", constraint: "account_pkey", table: "account" });
    for (const id of ids) {
      await expect(client.query(`select from account where id = ${id}`)).rejects.toMatchObject({ code: "25P02" });
    }
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await nothingIsLeft();
  });

  test("a statement over several shards that fails on one changes nothing on the others", async () => {
    await client.query(setBalance(b1, 5));
    await expect(client.query("update account set balance = balance - 50")).rejects.toMatchObject({
      code: "23514",
      constraint: "account_balance_check",
    });
    expect(await changedOnShards()).toEqual({ s1: ["0"], s2: ["1"], s3: ["0"] });
    await expect(
      client.query(`insert into account values (1001, 1), (1002, 1), (1003, 1), (1004, 1), (1005, 1), (${c1}, 1)`),
    ).rejects.toMatchObject({ code: "23505" });
    expect(await rowsOf(client, "select count(*) from account")).toEqual(["60"]);
    await nothingIsLeft();
  });

  test("a syntax error within the block fails it as well", async () => {
    await runAll(client, "begin", setBalance(a1, 1), setBalance(b1, 1));
    await expect(client.query("updat account")).rejects.toMatchObject({ code: "42601" });
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
  });

  test.each([0, 1, 2])("a shard %i that cuts the connection off undoes everything", async (position) => {
    const marked = await clients.open({ application_name: `cut-off-${position}` });
    await runAll(marked, "begin", setBalance(a1, 1), setBalance(b1, 1), setBalance(c1, 1));
    const shard = await clients.shard(clients.shardNames[position]!);
    await shard.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut-off-${position}' and xact_start is not null`,
    );
    await expect(marked.query("commit")).rejects.toMatchObject({ code: /^(08006|57P01)$/ });
    await marked.query("rollback");
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await runAll(marked, "begin", setBalance(a1, 1), setBalance(b1, 1), setBalance(c1, 1), "commit");
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
    await nothingIsLeft();
    await marked.end();
  });

  test("a write that a shard has missed gives rows only behind their description", async () => {
    const marked = await clients.open({ application_name: "missing" });
    await runAll(marked, "begin", setBalance(a1, 1));
    await (await clients.shard("s1")).query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'missing'",
    );
    // `pg` breaks off with an error of its own when a row comes without a description.
    await expect(marked.query("update account set balance = 2 returning id")).rejects.toMatchObject({
      code: /^(08006|57P01)$/,
    });
    await marked.query("rollback");
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await marked.end();
  });
});

describe("savepoints", () => {
  test("shards that join after the savepoint go back with it, those from before to where they were", async () => {
    await runAll(client, "begin", setBalance(a1, 1), "savepoint s", setBalance(a2, 2), setBalance(b1, 3));
    await client.query("rollback to s");
    expect(await rowsOf(client, "select id from account where balance <> 100")).toEqual([String(a1)]);
    await runAll(client, setBalance(c1, 4), "commit");
    expect(await changedOnShards()).toEqual({ s1: ["1"], s2: ["0"], s3: ["1"] });
    await nothingIsLeft();
  });

  test("an error after the savepoint is forgotten on all shards by going back to it", async () => {
    await runAll(client, "begin", setBalance(a1, 1), "savepoint s", setBalance(b1, 2));
    await expect(client.query(`insert into account values (${c1}, 0)`)).rejects.toMatchObject({ code: "23505" });
    await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    await runAll(client, "rollback to savepoint s", setBalance(c1, 3), "commit");
    expect(await changedOnShards()).toEqual({ s1: ["1"], s2: ["0"], s3: ["1"] });
  });

  test("going back is possible again and again, also before any shard has joined", async () => {
    await runAll(client, "begin", "savepoint s");
    for (const id of [a1, b1, c1]) await runAll(client, setBalance(id, 1), "rollback to s");
    await runAll(client, setBalance(c2, 2), "release s", setBalance(b2, 2), "commit");
    expect(await changedOnShards()).toEqual({ s1: ["0"], s2: ["1"], s3: ["1"] });
  });

  test("of two savepoints with one name the later one hides the earlier one until it is released", async () => {
    await runAll(client, "begin", "savepoint s", setBalance(a1, 1), "savepoint s", setBalance(b1, 2));
    await runAll(client, "rollback to s", "release s", setBalance(c1, 3));
    expect(await rowsOf(client, "select id from account where balance <> 100 order by balance")).toEqual(
      [a1, c1].map(String),
    );
    await runAll(client, "rollback to s", setBalance(b2, 4), "commit");
    expect(await changedOnShards()).toEqual({ s1: ["0"], s2: ["1"], s3: ["0"] });
  });

  test("RELEASE takes the savepoints within along, and keeps the changes", async () => {
    await runAll(client, "begin", "savepoint one", setBalance(a1, 1), "savepoint two", setBalance(b1, 2));
    await client.query("release one");
    await expect(client.query("rollback to two")).rejects.toMatchObject({ code: "3B001" });
    await client.query("rollback");
    await runAll(client, "begin", "savepoint one", setBalance(a1, 1), "savepoint two", setBalance(b1, 2));
    await runAll(client, "release one", setBalance(c1, 3), "commit");
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
  });

  test("names are case-folded unless they are quoted; a wrong one fails the transaction", async () => {
    await runAll(client, "begin", "savepoint Mixed", setBalance(a1, 1), 'savepoint "Mixed"', setBalance(b1, 1));
    await runAll(client, "rollback to mixed", "rollback to MIXED");
    await expect(client.query('rollback to "Mixed"')).rejects.toMatchObject({ code: "3B001" });
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    for (const command of ["savepoint s", "release s", "rollback to s"]) {
      await expect(client.query(command)).rejects.toMatchObject({ code: "25P01" });
    }
  });

  test("DDL goes back as well", async () => {
    await runAll(client, "begin", "create table early (n int)", "savepoint s", "create table late (n int)");
    await runAll(client, "insert into late values (1)", "rollback to s");
    await expect(client.query("select from late")).rejects.toMatchObject({ code: "42P01" });
    await runAll(client, "rollback to s", "insert into early values (1)", "commit");
    expect(await clients.onShards("select to_regclass('early'), to_regclass('late')")).toEqual(
      clients.everywhere("early|null"),
    );
    await client.query("drop table early");
  });
});

describe("what a transaction has set", () => {
  const seen = (id: number | undefined) =>
    rowsOf(
      client,
      `select current_setting('work_mem'), current_setting('my.word', true) from account where id = ${id}`,
    );

  test("SET LOCAL holds on shards that join later, and ends with the transaction", async () => {
    await runAll(client, "begin", setBalance(a1, 1), "set local work_mem = '7MB'", "set local my.word = 'it''s'");
    for (const id of [a1, b1, c1]) expect(await seen(id)).toEqual(["7MB|it's"]);
    await client.query("commit");
    for (const id of [a1, b1, c1]) expect((await seen(id))[0]).toMatch(/^4MB\|(|null)$/);
  });

  test("what was set after a savepoint is gone after going back to it, also on shards that join then", async () => {
    await runAll(client, "begin", "set local work_mem = '7MB'", setBalance(a1, 1), "savepoint s");
    await runAll(client, "set local work_mem = '9MB'", "set my.word = 'x'");
    expect(await seen(b1)).toEqual(["9MB|x"]);
    await client.query("rollback to s");
    for (const id of [a1, b1, c1]) expect((await seen(id))[0]).toMatch(/^7MB\|(|null)$/);
    await client.query("commit");
    for (const id of [a1, b1, c1]) expect((await seen(id))[0]).toMatch(/^4MB\|(|null)$/);
  });

  test("SET in a transaction lasts if it is committed", async () => {
    await runAll(client, "begin", setBalance(a1, 1), "set work_mem = '7MB'");
    for (const id of [a1, b1]) expect((await seen(id))[0]).toMatch(/^7MB/);
    await client.query("rollback");
    for (const id of [a1, b1, c1]) expect((await seen(id))[0]).toMatch(/^4MB/);
    await runAll(client, "begin", "set work_mem = '7MB'", setBalance(b1, 1), "commit");
    for (const id of [a1, b1, c1]) expect((await seen(id))[0]).toMatch(/^7MB/);
    await client.query("reset work_mem");
  });

  test("READ ONLY holds on every shard, however it was said", async () => {
    const ways = [
      ["begin read only"],
      ["start transaction read only, isolation level repeatable read"],
      ["set shardgres.serializable = per_shard", "start transaction read only, isolation level serializable"],
      ["begin", "set transaction read only"],
      ["begin", "set local transaction_read_only = on"],
      ["set session characteristics as transaction read only", "begin"],
    ];
    for (const way of ways) {
      for (const id of [a1, b1, c1]) {
        await runAll(client, ...way, `select from account where id = ${b2}`);
        await expect(client.query(setBalance(id, 1)), way.join("; ")).rejects.toMatchObject({ code: "25006" });
        await client.query("rollback");
        await client.query("set session characteristics as transaction read write");
      }
    }
    await client.query("reset default_transaction_read_only");
  });

  test("REPEATABLE READ sees no change that a shard commits after it has joined", async () => {
    await runAll(client, "begin isolation level repeatable read", `select from account where id in (${a1}, ${b1})`);
    await runAll(other, "begin", setBalance(a1, 1), setBalance(b1, 1), "commit");
    expect(await rowsOf(client, `select sum(balance) from account where id in (${a1}, ${b1})`)).toEqual(["200"]);
    await expect(client.query(setBalance(b1, 2))).rejects.toMatchObject({ code: "40001" });
    await client.query("rollback");
    expect(await rowsOf(client, `select sum(balance) from account where id in (${a1}, ${b1})`)).toEqual(["2"]);
  });
});

describe("two-phase commit", () => {
  const recordCounts = async () =>
    Object.values(await clients.onShards("select count(*) from shardgres.commits")).map(([count]) => Number(count));
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

  test("several writing shards: the same record on each of them, and nothing left prepared", async () => {
    const before = await clients.onShards(records);
    await runAll(client, "begin", setBalance(a1, 1), setBalance(b1, 1), setBalance(c1, 1), "commit");
    const after = await clients.onShards(records);
    const added = clients.shardNames.map((name) => after[name]!.filter((gid) => !before[name]!.includes(gid)));
    const [[gid] = []] = added;
    expect(added).toEqual(clients.shardNames.map(() => [gid]));
    const recorded = `select outcome, array_to_string(participants, ',') from shardgres.commits where gid = '${gid}'`;
    expect(await clients.onShards(recorded)).toEqual(clients.everywhere("committed|s1,s2,s3"));
    expect(gid).toMatch(/_s1$/);
    await nothingIsLeft();
  });

  test("records that every shard knows to be finished are announced", async () => {
    await runAll(client, "begin", setBalance(a1, 1), setBalance(b1, 1), "commit");
    const listed =
      "select count(*) from shardgres.commits c join shardgres.origins o using (origin) where number > closed";
    await eventually(async () =>
      Object.values(await clients.onShards(listed))
        .flat()
        .every((count) => count === "0"),
    );
  });

  test("transaction_status asks the shard that has decided", async () => {
    await runAll(client, "begin", setBalance(b1, 1), setBalance(c1, 1), "commit");
    const gid = (await rowsOf(await clients.shard("s2"), `${records} order by recorded_at desc limit 1`))[0]!;
    expect(gid).toMatch(/_s2$/);
    const ask = "select shardgres.transaction_status";
    expect(await rowsOf(client, `${ask}('${gid}')`)).toEqual(["committed"]);
    expect(await rowsOf(client, `${ask}($1)`, [gid])).toEqual(["committed"]);
    const next = gid.replace(/_(\d+)_s2$/, (_, number: string) => `_${Number(number) + 1000}_s2`);
    expect(await rowsOf(client, `${ask}('${next}')`)).toEqual(["in progress"]);
    const shard = await clients.shard("s2");
    expect(await rowsOf(shard, `select shardgres.decide('${next}')`)).toEqual(["aborted"]);
    expect(await rowsOf(client, `${ask}('${next}')`)).toEqual(["aborted"]);
    await expect(client.query(`${ask}('x')`)).rejects.toMatchObject({ code: "22023" });
    await expect(client.query(`${ask}('${gid}') from account`)).rejects.toMatchObject({ message: /SG076/ });
  });

  test("a user cannot make up a record, nor decide", async () => {
    const cases = [
      ["select shardgres.record_commit('sg_x_g1_1_1_s1', '{s1}', 'guess')", "42501"],
      ["select shardgres.decide('sg_x_g1_1_1_s1')", "42501"],
      ["select shardgres.announce('g1_1', 5)", "42501"],
      ["select secret from shardgres.cluster_secret", "42501"],
      ["insert into shardgres.origins values ('x', 1)", "42501"],
      ["select shardgres.transaction_status('nonsense')", "22023"],
    ];
    await runAll(client, "create role nobody", "set role nobody");
    for (const [sql, code] of cases) await expect(client.query(sql!), sql).rejects.toMatchObject({ code });
    await runAll(client, "reset role", "drop role nobody");
  });

  test("the commit is durable although the session does not ask for it", async () => {
    await runAll(client, "set synchronous_commit = off", "begin", setBalance(a1, 1), setBalance(b1, 1));
    const shard = await clients.shard("s1");
    const secret = (await rowsOf(shard, "select secret from shardgres.cluster_secret"))[0]!;
    await runAll(
      shard,
      "begin",
      "set local synchronous_commit = off",
      recordCommitSql("sg_x_g1_1_1_s1", ["s1" as ShardName], secret),
    );
    expect(await rowsOf(shard, "show synchronous_commit")).toEqual(["on"]);
    await shard.query("rollback");
    await runAll(client, "commit", "reset synchronous_commit");
  });

  test("one writing shard commits plainly, however many are read", async () => {
    const before = await recordCounts();
    await runAll(client, "begin", `select from account where id = ${a1}`, "select count(*) from account");
    await runAll(client, setBalance(b1, 1), `select from account where id = ${c1}`, "commit");
    await client.query(setBalance(c1, 1));
    await runAll(client, "begin", "select sum(balance) from account", "commit");
    expect(await recordCounts()).toEqual(before);
    expect(await rowsOf(other, changed)).toEqual(["2"]);
  });

  test("a transaction without BEGIN over several shards is committed in two phases too", async () => {
    const before = total(await recordCounts());
    await client.query("update account set balance = 5");
    await client.query("insert into rate values ('EUR', 2)");
    expect(total(await recordCounts())).toBe(before + 6);
    await nothingIsLeft();
  });

  describe.each([
    ["a deferred foreign key", (id: number) => `insert into child values (${id}, 1)`, "23503", "child_id_part_fkey"],
    [
      "a deferred unique constraint",
      (id: number) => `insert into ranked values (${id}, 1), (${id}, 1)`,
      "23505",
      "ranked_id_place_key",
    ],
  ])("%s that fails at the end", (_, violate, code, constraint) => {
    // The first writer is the keeper; its COMMIT fails, or the PREPARE of another one.
    test.each([0, 1, 2])("on the writer in place %i undoes everything everywhere", async (position) => {
      const before = await recordCounts();
      const ids = [a1, b1, c1] as number[];
      await client.query("begin");
      for (const id of ids) await client.query(setBalance(id, 1));
      await client.query(violate(ids[position]!));
      await expect(client.query("commit")).rejects.toMatchObject({ code, constraint });
      expect(await rowsOf(client, "select 1")).toEqual(["1"]);
      expect(await changedOnShards()).toEqual(clients.everywhere("0"));
      expect(await recordCounts()).toEqual(before);
      await nothingIsLeft();
      // The locks are gone as well.
      await other.query("update account set balance = balance + 1");
    });

    test("without BEGIN, the statement itself reports it", async () => {
      const before = await recordCounts();
      const text = [setBalance(a1, 1), violate(b1!), setBalance(c1, 1)].join("; ");
      await expect(client.query(text)).rejects.toMatchObject({ code, constraint });
      expect(await changedOnShards()).toEqual(clients.everywhere("0"));
      expect(await recordCounts()).toEqual(before);
      await nothingIsLeft();
    });
  });

  test("SET CONSTRAINTS IMMEDIATE checks every shard at once, also those that join later", async () => {
    await runAll(client, "begin", setBalance(a1, 1), "set constraints all immediate");
    await expect(client.query(`insert into child values (${b1}, 1)`)).rejects.toMatchObject({ code: "23503" });
    await runAll(client, "rollback", "begin", `insert into child values (${b1}, 1)`);
    await expect(client.query("set constraints all immediate")).rejects.toMatchObject({ code: "23503" });
    await client.query("rollback");
    await nothingIsLeft();
  });
});

describe("what could disturb a commit", () => {
  const writes = () => [setBalance(a1, 1), setBalance(b1, 1), setBalance(c1, 1)];

  test("statement_timeout ends a transaction as a whole, or not at all", async () => {
    const session = await clients.open();
    for (let round = 0; round < 30; round++) {
      await runAll(session, "begin", ...writes(), "set statement_timeout = '1ms'");
      const isDone = await session.query("commit").then(
        () => true,
        (error: { code: string }) => {
          expect(error.code).toBe("57014");
          return false;
        },
      );
      const counts = Object.values(await changedOnShards()).flat();
      expect(counts).toEqual(isDone ? ["1", "1", "1"] : ["0", "0", "0"]);
      await nothingIsLeft();
      await session.query("set statement_timeout = 0");
      await session.query("update account set balance = 100 where balance <> 100");
    }
    await session.end();
  });

  test("a cancel request that comes while it commits", async () => {
    const session = await clients.open();
    const { processID, secretKey } = session as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(16);
    for (const [i, word] of [16, 80877102, processID, secretKey].entries()) request.writeInt32BE(word, 4 * i);
    for (let round = 0; round < 20; round++) {
      await runAll(session, "begin", ...writes());
      const commit = session.query("commit").then(
        () => true,
        () => false,
      );
      const canceller = await RawClient.open(cluster.port);
      canceller.socket.write(request);
      await canceller.closed();
      const isDone = await commit;
      expect(Object.values(await changedOnShards()).flat()).toEqual(isDone ? ["1", "1", "1"] : ["0", "0", "0"]);
      await nothingIsLeft();
      await session.query("rollback");
      await client.query("update account set balance = 100 where balance <> 100");
    }
    await session.end();
  });

  test.each([
    ["read-only transactions by default", "set default_transaction_read_only = on", "begin read write"],
    ["an empty search_path", "set search_path = ''", "begin"],
    [
      "serializable by default, on each shard",
      "set default_transaction_isolation = 'serializable'",
      "set shardgres.serializable = per_shard; begin",
    ],
    ["another role within the transaction", "create role rolled superuser", "begin; set local role rolled"],
    ["no triggers", "set session_replication_role = replica", "begin"],
  ])("%s", async (_, setting, begin) => {
    const session = await clients.open();
    await runAll(session, setting, begin);
    for (const text of writes()) await session.query(text.replace("update account", "update public.account"));
    await session.query("commit");
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
    await nothingIsLeft();
    await session.end();
    await client.query("drop role if exists rolled");
  });

  test("a function that writes makes its shard a writer like any other", async () => {
    await runAll(
      client,
      "create table strict (n int unique deferrable initially deferred)",
      "create function note(n int) returns int language sql as 'insert into strict values (n) returning n'",
    );
    for (const [numbers, fails] of [
      [[1, 2], false],
      [[3, 3], true],
    ] as const) {
      await runAll(client, "begin", setBalance(b1, 7), ...numbers.map((n) => `select note(${n})`), setBalance(c1, 7));
      if (fails) await expect(client.query("commit")).rejects.toMatchObject({ code: "23505" });
      else await runAll(client, "commit", "update account set balance = 100 where balance <> 100");
    }
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    expect(await rowsOf(client, "select n from strict order by n")).toEqual(["1", "2"]);
    await nothingIsLeft();
    await runAll(client, "drop function note", "drop table strict");
  });
});

describe("many at once", () => {
  test("transfers between shards keep the sum, and readers who lock see no half of one", async () => {
    const sessions = await Promise.all(Array.from({ length: 6 }, () => clients.open()));
    const ids = [a1, b1, c1, a2, b2, c2] as number[];
    await Promise.all(
      sessions.map(async (session, worker) => {
        for (let round = 0; round < 12; round++) {
          // In ascending order, so that nobody waits in a circle.
          const [from, to] = [ids[(worker + round) % 6]!, ids[(worker + 2 * round + 1) % 6]!].sort((x, y) => x - y);
          await runAll(
            session,
            "begin",
            `update account set balance = balance - 1 where id = ${from}`,
            `update account set balance = balance + 1 where id = ${to}`,
            round % 5 === 4 ? "rollback" : "commit",
          );
        }
      }),
    );
    expect(await rowsOf(client, "select sum(balance) from account")).toEqual(["6000"]);
    expect(await rowsOf(client, "select count(*) > 0 from account where balance <> 100")).toEqual(["t"]);
    await nothingIsLeft();
  });

  test("a second writer of a row waits for the first one, and then sees what that one did", async () => {
    await runAll(client, "begin", setBalance(a1, 10), setBalance(b1, 10));
    const waiting = other.query(`update account set balance = balance + 1 where id = ${b1} returning balance`);
    const shard = await clients.shard("s2");
    await eventually(async () => (await shard.query("select from pg_locks where not granted")).rows.length > 0);
    await client.query("commit");
    expect((await waiting).rows).toEqual([{ balance: 11 }]);
  });

  test("lock_timeout and statement_timeout hold on every shard", async () => {
    await runAll(client, "begin", setBalance(c1, 10));
    await other.query("set lock_timeout = '100ms'");
    await expect(other.query(setBalance(c1, 11))).rejects.toMatchObject({ code: "55P03" });
    await runAll(other, "reset lock_timeout", "set statement_timeout = '100ms'");
    await expect(other.query("update account set balance = 11")).rejects.toMatchObject({ code: "57014" });
    await other.query("reset statement_timeout");
    await client.query("rollback");
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
  });
});
