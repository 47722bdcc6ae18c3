// Reads on standbys: which statements go there, to which standbys, and what happens when one of them is lost or behind.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { ReplicatedCluster, withPrimary } from "../support/replicated-cluster.ts";

const tablets = ["s1-0", "s1-1", "s1-2", "s2-0", "s2-1", "s2-2"];
const standbys = tablets.filter((name) => !name.endsWith("-0"));

let cluster: ReplicatedCluster;
let client: pg.Client;
/** Behind the gateway's back, one of each tablet. */
const direct = new Map<string, pg.Client>();

beforeAll(async () => {
  const settings = { max_standby_streaming_delay: "200ms", synchronous_commit: "on" };
  cluster = await ReplicatedCluster.start({ shards: 2, standbys: 2, settings });
  for (const name of tablets) direct.set(name, await cluster.at(name));
  client = await cluster.open();
  await runAll(
    client,
    "create table item (id int primary key, note text)",
    "create table home_item (id int primary key)",
    "select create_distributed_table('item', 'id')",
    "insert into item select n, 'old' from generate_series(1, 20) n",
    "insert into home_item select n from generate_series(1, 20) n",
    "create function counted() returns bigint language sql volatile as 'select count(*) from home_item'",
    "create role reader login",
    "grant select on item, home_item to reader",
  );
  await caughtUp();
});
beforeEach(async () => {
  client = await cluster.open();
});
afterEach(() => client.end());
afterAll(() => cluster?.stop());

const at = (tablet: string, sql: string) => rowsOf(direct.get(tablet)!, sql);

/** Every standby has replayed what its primary has written. */
async function caughtUp(): Promise<void> {
  for (const shard of ["s1", "s2"]) {
    const [lsn] = await at(`${shard}-0`, "select pg_current_wal_flush_lsn()");
    for (const name of standbys.filter((each) => each.startsWith(shard))) {
      await eventually(async () => (await at(name, `select pg_last_wal_replay_lsn() >= '${lsn}'`))[0] === "t");
    }
  }
}

/** From here on standbys show what they show now, whatever the primaries do. */
async function freeze(...names: string[]): Promise<void> {
  await caughtUp();
  for (const name of names) {
    await at(name, "select pg_wal_replay_pause()");
    await eventually(async () => (await at(name, "select pg_get_wal_replay_pause_state()"))[0] === "paused");
  }
}

/** Again and again: what is replayed then may be in conflict with the very statement (40001). */
async function resume(): Promise<void> {
  await Promise.all(standbys.map((name) => eventually(() => at(name, "select pg_wal_replay_resume()"))));
}

const port = "select current_setting('port') from home_item limit 1";
const portOf = (name: string) => String(cluster.server(name).port);

/** The tablets of shard s1 that have answered so many times the same question. */
async function answering(times = 12): Promise<string[]> {
  const ports = new Set<string>();
  for (let i = 0; i < times; i++) ports.add((await rowsOf(client, port))[0]!);
  return tablets.filter((name) => ports.has(portOf(name)));
}

describe("shardgres.read_from", () => {
  test.each([
    ["primary", ["s1-0"]],
    ["standby", ["s1-1", "s1-2"]],
    ["prefer-standby", ["s1-1", "s1-2"]],
    ["any", ["s1-0", "s1-1", "s1-2"]],
  ])("%s", async (from, names) => {
    await client.query(`set shardgres.read_from = '${from}'`);
    expect(await answering()).toEqual(names);
  });

  test("is primary for who has said nothing, and after RESET", async () => {
    expect(await answering()).toEqual(["s1-0"]);
    await runAll(client, "set shardgres.read_from = standby", "reset shardgres.read_from");
    expect(await answering()).toEqual(["s1-0"]);
    await runAll(client, "set shardgres.read_from = standby", "discard all");
    expect(await answering()).toEqual(["s1-0"]);
  });

  test("can be an option of the connection, or a default of the role", async () => {
    const started = await cluster.open({ options: "-c shardgres.read_from=any -c shardgres.max_standby_lag=3s" });
    expect(await rowsOf(started, "show shardgres.read_from")).toEqual(["any"]);
    expect(await rowsOf(started, "show shardgres.max_standby_lag")).toEqual(["3s"]);
    await client.query("alter role reader set shardgres.read_from = 'prefer-standby'");
    await client.query("alter role reader set shardgres.max_standby_lag = 2000");
    const reader = await cluster.open({ user: "reader" });
    expect(await rowsOf(reader, "show shardgres.read_from")).toEqual(["prefer-standby"]);
    expect(await rowsOf(reader, "show shardgres.max_standby_lag")).toEqual(["2s"]);
    await reader.query("set shardgres.read_from = 'primary'");
    expect(await rowsOf(reader, "show shardgres.read_from")).toEqual(["primary"]);
    await reader.query("reset shardgres.read_from");
    expect(await rowsOf(reader, "show shardgres.read_from")).toEqual(["prefer-standby"]);
    await client.query("alter role reader reset all");
  });

  test("takes no other value", async () => {
    for (const text of [
      "set shardgres.read_from = replica",
      "select set_config('shardgres.read_from', 'replica', false)",
    ])
      await expect(client.query(text)).rejects.toMatchObject({
        code: "22023",
        message: 'invalid value for parameter "shardgres.read_from": "replica"',
        hint: "Available values: primary, standby, prefer-standby, any.",
      });
    await expect(client.query("set shardgres.max_standby_lag = 'soon'")).rejects.toMatchObject({ code: "22023" });
    await expect(cluster.open({ options: "-c shardgres.read_from=replica" })).rejects.toMatchObject({ code: "22023" });
    expect(await rowsOf(client, "show shardgres.read_from")).toEqual(["primary"]);
  });

  test("by set_config, for the transaction or the session", async () => {
    await client.query("select set_config('shardgres.read_from', 'any', false)");
    expect(await rowsOf(client, "show shardgres.read_from")).toEqual(["any"]);
    await runAll(client, "begin", "select set_config('shardgres.read_from', 'standby', true)");
    expect(await rowsOf(client, "show shardgres.read_from")).toEqual(["standby"]);
    await client.query("commit");
    expect(await rowsOf(client, "show shardgres.read_from")).toEqual(["any"]);
  });
});

describe("with shardgres.read_from = standby, and standbys that have stopped at an old state", () => {
  const old = (count: number) => [String(count)];

  /** So that the gateway knows how old they are. */
  const readAll = async (reader: pg.Client) => {
    await runAll(reader, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '1h'");
    expect(await rowsOf(reader, "select count(*) from item")).toEqual(["20"]);
  };

  beforeAll(async () => {
    await readAll(await cluster.open());
    await freeze(...standbys);
    // What the primaries alone know.
    await runAll(await cluster.open(), "update item set note = 'new'", "insert into home_item values (99)");
  });
  beforeEach(() => readAll(client));
  afterAll(async () => {
    await resume();
    await runAll(await cluster.open(), "update item set note = 'old'", "delete from home_item where id = 99");
    await caughtUp();
  });

  test.each([
    ["one shard", "select note from item where id = 1", [], ["old"]],
    ["a parameter", "select note from item where id = $1", [2], ["old"]],
    ["several shards", "select count(*) from item where note = 'old'", [], old(20)],
    ["several shards in order", "select note from item order by id limit 2", [], ["old", "old"]],
    ["several shards with parameters", "select count(*) from item where note = $1", ["old"], old(20)],
    [
      "a gather",
      "select (select count(*) from item where note = 'old') + (select count(*) from home_item)",
      [],
      old(40),
    ],
    ["the home shard", "select count(*) from home_item", [], old(20)],
    ["a table expression", "table home_item order by id desc limit 1", [], ["20"]],
  ])("%s is read there", async (_, text, values, rows) => {
    expect(await rowsOf(client, text, values)).toEqual(rows);
  });

  test("a prepared statement is read there, time and again", async () => {
    for (let i = 1; i <= 4; i++) {
      const query = { name: "note", text: "select note from item where id = $1", values: [i] };
      expect((await client.query(query)).rows).toEqual([{ note: "old" }]);
    }
    await client.query("prepare told as select count(*) from home_item where id > $1");
    expect(await rowsOf(client, "execute told(0)")).toEqual(["20"]);
  });

  test.each([
    ["a volatile function", "select counted()", "21"],
    ["FOR UPDATE", "select id from home_item where id = 99 for update", "99"],
    ["a write that gives rows", "update home_item set id = id where id = 99 returning id", "99"],
    ["a write in a WITH", "with w as (update home_item set id = id where id = 99 returning id) select id from w", "99"],
    ["a setting of the server", "show transaction_read_only", "off"],
  ])("%s is the primary's", async (_, text, row) => {
    expect(await rowsOf(client, text)).toEqual([row]);
  });

  test("a transaction that may write sees what it writes, on the primary", async () => {
    await runAll(client, "begin");
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["21"]);
    await client.query("insert into home_item values (100)");
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["22"]);
    await client.query("rollback");
    expect(
      (
        (await client.query(
          "insert into home_item values (101); select count(*) from home_item; delete from home_item where id = 101",
        )) as unknown as pg.QueryResult[]
      )[1]!.rows,
    ).toEqual([{ count: "22" }]);
  });

  const beginnings: [string, string[]][] = [
    ["BEGIN READ ONLY", ["begin read only"]],
    ["START TRANSACTION", ["start transaction isolation level repeatable read, read only"]],
    ["SET TRANSACTION", ["begin", "set transaction read only"]],
    ["SET TRANSACTION of a snapshot", ["begin isolation level repeatable read", "set transaction read only"]],
    ["transaction_read_only", ["begin", "set local transaction_read_only = on"]],
    ["the session's default", ["set default_transaction_read_only = on", "begin"]],
    ["SET SESSION CHARACTERISTICS", ["set session characteristics as transaction read only", "begin"]],
    ["SET LOCAL first", ["begin read only", "set local work_mem = '7MB'", "savepoint s"]],
  ];
  test.each(beginnings)("a read-only transaction is read there: %s", async (_, begin) => {
    await runAll(client, ...begin);
    for (let i = 0; i < 2; i++) {
      expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["20"]);
      expect(await rowsOf(client, "select note from item where id = $1", [1])).toEqual(["old"]);
      expect(await rowsOf(client, "select count(*) from item where note = 'old'")).toEqual(["20"]);
    }
    if (begin.some((text) => text.includes("work_mem"))) {
      expect(await rowsOf(client, "show work_mem")).toEqual(["7MB"]);
      await client.query("rollback to s");
      expect(await rowsOf(client, "show work_mem")).toEqual(["7MB"]);
    }
    await client.query("commit");
  });

  test("SET LOCAL shardgres.read_from holds for one transaction", async () => {
    await client.query("reset shardgres.read_from");
    await runAll(client, "begin read only", "set local shardgres.read_from = standby");
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["20"]);
    await client.query("commit");
    await client.query("begin read only");
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["21"]);
    await client.query("commit");
  });

  test.each(["begin", "begin read write", "begin isolation level serializable, read only"])(
    "another transaction is not: %s",
    async (begin) => {
      await client.query(begin);
      expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["21"]);
      await client.query("commit");
    },
  );

  test("a volatile function is carried out where its read-only transaction is", async () => {
    await client.query("begin read only");
    expect(await rowsOf(client, "select counted()")).toEqual(["20"]);
    await client.query("commit");
  });

  test.each([
    ["a write", "insert into home_item values (102)"],
    ["a write on several shards", "update item set note = 'x'"],
    ["DDL", "create table more (id int)"],
    ["a lock that others ought to see", "select pg_advisory_xact_lock(1)"],
    ["a lock of the session", "select pg_advisory_lock(1)"],
    ["LISTEN", "listen news"],
    ["a temporary table", "create temp table t (id int)"],
  ])("no read-only transaction there does %s", async (_, text) => {
    for (const first of ["select 1", "select count(*) from home_item"]) {
      await runAll(client, "begin read only", first);
      await expect(client.query(text)).rejects.toMatchObject({ code: "25006" });
      await client.query("rollback");
    }
    await client.query("begin read only");
    await expect(client.query(text)).rejects.toMatchObject({ code: "25006" });
    await client.query("rollback");
    // Nothing of it is left behind.
    await client.query("insert into home_item values (103)");
    await client.query("delete from home_item where id = 103");
  });

  test("a session with a temporary table reads where that is", async () => {
    await client.query("create temp table own (id int)");
    expect(await rowsOf(client, "select count(*) from home_item left join own using (id)")).toEqual(["21"]);
    await client.query("discard temp");
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["20"]);
  });

  test("a cursor of a read-only transaction is there", async () => {
    await runAll(client, "begin read only", "declare c cursor for select count(*) from home_item");
    expect(await rowsOf(client, "fetch c")).toEqual(["20"]);
    await client.query("commit");
  });

  test("a name that standbys do not know yet is the primary's, where that may be asked", async () => {
    await client.query("create table fresh as select 7 as n");
    await client.query("set shardgres.read_from = 'prefer-standby'");
    expect(await rowsOf(client, "select n from fresh")).toEqual(["7"]);
    expect(await rowsOf(client, "select count(*) from home_item")).toEqual(["20"]);
    await client.query("set shardgres.read_from = standby");
    await expect(client.query("select n from fresh")).rejects.toMatchObject({ code: "42P01" });
    await client.query("drop table fresh");
  });
});

describe("shardgres.max_standby_lag", () => {
  afterEach(resume);

  test("a standby that is too far behind is not read, and is again when it has caught up", async () => {
    await freeze("s1-1");
    await runAll(client, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '400ms'");
    await client.query("update home_item set id = id");
    await eventually(async () => !(await answering(6)).includes("s1-1"));
    expect(await answering()).toEqual(["s1-2"]);
    await at("s1-1", "select pg_wal_replay_resume()");
    await eventually(async () => (await answering(6)).includes("s1-1"));
  });

  /** Both standbys of s1 are too far behind for who accepts 400 ms, and nobody takes them for anything else. */
  async function fallBehind(): Promise<void> {
    await freeze("s1-1", "s1-2");
    await runAll(client, "set shardgres.max_standby_lag = '400ms'", "set shardgres.read_from = 'prefer-standby'");
    await eventually(async () => (await answering(4)).join() === "s1-1,s1-2");
    await client.query("update home_item set id = id");
    await eventually(async () => (await answering(4)).join() === "s1-0");
  }

  test("where all are: the primary, or an error when the patience is over", async () => {
    await fallBehind();
    await client.query("set shardgres.read_from = 'any'");
    expect(await answering()).toEqual(["s1-0"]);
    await runAll(client, "set shardgres.read_from = standby", "set shardgres.hold_timeout = '300ms'");
    await expect(client.query(port)).rejects.toMatchObject({
      code: "57P03",
      message: 'no standby of shard "s1" is within shardgres.max_standby_lag',
    });
  });

  test("who is patient gets the standby that catches up; who is not cancels", async () => {
    await fallBehind();
    await runAll(client, "set shardgres.read_from = standby", "set statement_timeout = '200ms'");
    await expect(client.query(port)).rejects.toMatchObject({ code: "57014" });
    await client.query("set statement_timeout = 0");
    const reading = rowsOf(client, port);
    await at("s1-1", "select pg_wal_replay_resume()");
    expect(await reading).toEqual([portOf("s1-1")]);
  });

  test("an idle primary makes nobody old", async () => {
    await runAll(client, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '1500ms'");
    const until = performance.now() + 2_500;
    while (performance.now() < until) expect(await answering(4)).toEqual(["s1-1", "s1-2"]);
  });
});

test("DROP DATABASE does not wait for connections to standbys", async () => {
  await client.query("create database other");
  await caughtUp();
  const other = await cluster.open({ database: "other", options: "-c shardgres.read_from=standby" });
  expect(await rowsOf(other, "select 1")).toEqual(["1"]);
  await other.end();
  await client.query("drop database other");
});

describe("a shard without its primary", () => {
  test("a read-only transaction goes on while its standby is promoted, and reads go to standbys of the new primary", async () => {
    await runAll(client, "set shardgres.read_from = standby", "begin isolation level repeatable read read only");
    const [before] = await rowsOf(client, port);
    const promoted = tablets.find((name) => portOf(name) === before)!;
    const other = promoted === "s1-1" ? "s1-2" : "s1-1";
    await cluster.server("s1-0").stop();
    await at(promoted, "select pg_promote()");
    // The other standby follows.
    await at(other, `alter system set primary_conninfo = 'host=127.0.0.1 port=${before} user=postgres'`);
    await at(other, "alter system set primary_slot_name = ''");
    await at(other, "select pg_reload_conf()");
    await cluster.change("s1", (shard) => withPrimary(shard, promoted));
    expect(await rowsOf(client, port)).toEqual([before]);
    await client.query("commit");
    await eventually(async () => (await answering(4)).join() === other);
    await runAll(client, "reset shardgres.read_from", "insert into home_item values (200)");
    await client.query("set shardgres.read_from = standby");
    await eventually(async () => (await rowsOf(client, "select from home_item where id = 200")).length === 1);
    expect(await answering()).toEqual([other]);
  });

  test("is still read where standbys are", async () => {
    await runAll(client, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '1h'");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["20"]);
    await cluster.server("s2-0").stop();
    for (let i = 0; i < 5; i++) expect(await rowsOf(client, "select count(*) from item")).toEqual(["20"]);
  });
});
