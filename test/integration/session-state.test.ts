// What lives on one connection of PostgreSQL: temporary tables, locks, LISTEN, cursors, prepared statements. A session keeps
// its own although its statements travel over connections that it shares with others.
import type pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
/** A key of table `item` on each shard. */
let ids: number[] = [];
let opened: pg.Client[] = [];

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  const setup = await clients.open();
  await runAll(
    setup,
    "create table item (id int primary key, name text)",
    "create table plain (n int, word text)",
    "create table code (id int primary key, label text)",
    "create sequence counter",
    "select create_distributed_table('item', 'id')",
    "select create_reference_table('code')",
    "insert into item select n, 'item ' || n from generate_series(1, 60) n",
    "insert into plain select n, 'word ' || n from generate_series(1, 10) n",
    "insert into code select n, 'code ' || n from generate_series(1, 10) n",
  );
  ids = (await clients.keysByShard("item", "id")).map(([first]) => first!);
});
afterEach(async () => {
  await Promise.all(opened.map((client) => client.end()));
  opened = [];
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

async function open(config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = await clients.open(config);
  opened.push(client);
  return client;
}

describe("temporary tables", () => {
  test("are there for their session only, in and out of transactions, with indexes and sequences", async () => {
    const [client, other] = [await open(), await open()];
    await runAll(
      client,
      "create temp table scratch (id serial primary key, word text unique)",
      "insert into scratch (word) values ('a'), ('b')",
      "create index on scratch (word, id)",
      "begin",
      "insert into scratch (word) values ('c')",
      "rollback",
      "update scratch set word = word || word",
    );
    for (let round = 0; round < 5; round++) {
      await rowsOf(other, "select 1 from plain");
      expect(await rowsOf(client, "select word from scratch order by id")).toEqual(["aa", "bb"]);
      expect(await rowsOf(client, "select s.word, p.word from scratch s join plain p on p.n = s.id")).toHaveLength(2);
    }
    await expect(other.query("select from scratch")).rejects.toMatchObject({ code: "42P01" });
    await other.query("create temp table scratch (n int)");
    expect(await rowsOf(other, "select count(*) from scratch")).toEqual(["0"]);
    await client.query("drop table scratch");
    await expect(client.query("select from scratch")).rejects.toMatchObject({ code: "42P01" });
    expect(await rowsOf(other, "select count(*) from scratch")).toEqual(["0"]);
  });

  test("hide other tables of the same name while they are there", async () => {
    const [client, other] = [await open(), await open()];
    await runAll(client, "create temp table item (id int, name text)", "insert into item values (-1, 'mine')");
    expect(await rowsOf(client, "select * from item")).toEqual(["-1|mine"]);
    expect(await rowsOf(client, `select * from item where id = ${ids[1]}`)).toEqual([]);
    expect(await rowsOf(client, "select count(*) from public.item")).toEqual(["60"]);
    expect(await rowsOf(other, "select count(*) from item")).toEqual(["60"]);
    await client.query("drop table item");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
    await runAll(client, "begin", "create temp table item (id int) on commit drop", "select from item", "commit");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
    await runAll(client, "begin", "create temp table item (id int)", "rollback");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
  });

  test("that a savepoint takes back hide nothing any more", async () => {
    const client = await open();
    await runAll(client, "begin", "savepoint s", "create temp table item (id int)", "insert into item values (1)");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["1"]);
    await client.query("rollback to s");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
    await runAll(client, "create temp table item (id int)", "savepoint t", "drop table item");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
    await client.query("rollback to t");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["0"]);
    await runAll(client, "commit", "begin", "drop table item", "rollback");
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["0"]);
  });

  test("may be made from a query, renamed, and emptied at commit", async () => {
    const client = await open();
    await client.query("create temp table words as select word from plain where n <= 3");
    expect(await rowsOf(client, "select count(*) from words")).toEqual(["3"]);
    await client.query("alter table words rename to terms");
    expect(await rowsOf(client, "select count(*) from terms")).toEqual(["3"]);
    await client.query("select label into temp labels from code where id < 4");
    expect(await rowsOf(client, "select count(*) from labels join terms on true")).toEqual(["9"]);
    await client.query("create temp table brief (n int) on commit delete rows");
    await runAll(client, "begin", "insert into brief values (1), (2)");
    expect(await rowsOf(client, "select count(*) from brief")).toEqual(["2"]);
    await client.query("commit");
    expect(await rowsOf(client, "select count(*) from brief")).toEqual(["0"]);
    await client.query("create temp view terms_seen as select count(*) from terms");
    expect(await rowsOf(client, "select * from terms_seen")).toEqual(["3"]);
    await client.query("discard temp");
    await expect(client.query("select from terms")).rejects.toMatchObject({ code: "42P01" });
  });

  test("the session's settings are those of its kept connection too", async () => {
    const client = await open();
    await runAll(client, "set work_mem = '6MB'", "create temp table kept (n int)", "set work_mem = '8MB'");
    const sql = (table: string) => `select current_setting('work_mem') from ${table} right join (values (1)) v on true`;
    expect(await rowsOf(client, sql("kept"))).toEqual(["8MB"]);
    expect(await rowsOf(client, `select current_setting('work_mem') from item where id = ${ids[2]}`)).toEqual(["8MB"]);
    await runAll(client, "begin", "set local work_mem = '9MB'");
    expect(await rowsOf(client, sql("kept"))).toEqual(["9MB"]);
    await client.query("rollback");
    expect(await rowsOf(client, sql("kept"))).toEqual(["8MB"]);
    await client.query("reset work_mem");
    expect(await rowsOf(client, sql("kept"))).toEqual(["4MB"]);
  });

  test("go together with writes on several shards in one transaction", async () => {
    const client = await open();
    await runAll(client, "create temp table log (n int)", "begin", "insert into log values (1)");
    for (const id of ids) await client.query(`update item set name = 'together' where id = ${id}`);
    await client.query("commit");
    expect(await rowsOf(client, "select count(*) from log")).toEqual(["1"]);
    expect(await rowsOf(client, "select count(*) from item where name = 'together'")).toEqual(["3"]);
    expect(await clients.onShards("select gid from pg_prepared_xacts")).toEqual(clients.everywhere());
  });

  test("many sessions with temporary tables leave no connections behind when they end", async () => {
    const admin = await clients.shard("s1");
    const count = async () => {
      const sql = "select count(*) from pg_class where relpersistence = 't' and relname like 'leftover%'";
      return (await rowsOf(admin, sql))[0];
    };
    const sessions = await Promise.all(Array.from({ length: 8 }, () => clients.open()));
    await Promise.all(sessions.map((client, i) => client.query(`create temp table leftover_${i} (n int)`)));
    expect(await count()).toBe("8");
    await Promise.all(sessions.map((client) => client.end()));
    await eventually(async () => (await count()) === "0");
  });
});

describe("advisory locks", () => {
  const tryLock = (client: pg.Client, key: number) => rowsOf(client, `select pg_try_advisory_lock(${key})`);

  test("are held by one session across its statements until it unlocks or ends", async () => {
    const [one, two] = [await open(), await open()];
    expect(await tryLock(one, 1)).toEqual(["t"]);
    for (const id of ids) await runAll(one, `select from item where id = ${id}`, "select count(*) from item");
    expect(await tryLock(two, 1)).toEqual(["f"]);
    expect(await tryLock(one, 1)).toEqual(["t"]);
    expect(await rowsOf(one, "select pg_advisory_unlock(1)")).toEqual(["t"]);
    expect(await tryLock(two, 1)).toEqual(["f"]);
    expect(await rowsOf(one, "select pg_advisory_unlock(1)")).toEqual(["t"]);
    expect(await tryLock(two, 1)).toEqual(["t"]);
    await two.end();
    await eventually(async () => (await tryLock(one, 1))[0] === "t");
  });

  test("a waiter gets the lock when it is let go, with parameters as well", async () => {
    const [one, two] = [await open(), await open()];
    await one.query("select pg_advisory_lock($1)", [5]);
    const waiting = two.query("select pg_advisory_lock($1)", [5]);
    const shard = await clients.shard("s1");
    await eventually(async () => (await shard.query("select from pg_locks where not granted")).rows.length > 0);
    await one.query("select pg_advisory_unlock_all()");
    await waiting;
    expect(await tryLock(one, 5)).toEqual(["f"]);
  });

  test("those of a transaction end with it", async () => {
    const [one, two] = [await open(), await open()];
    await runAll(one, "begin", "select pg_advisory_xact_lock(9)", `select from item where id = ${ids[1]}`);
    expect(await tryLock(two, 9)).toEqual(["f"]);
    await one.query("commit");
    expect(await tryLock(two, 9)).toEqual(["t"]);
  });
});

describe("LISTEN", () => {
  function heardBy(client: pg.Client): string[] {
    const heard: string[] = [];
    client.on("notification", ({ channel, payload }) => heard.push(`${channel}: ${payload}`));
    return heard;
  }

  test("an idle session hears what others say, when they commit it", async () => {
    const [listener, speaker] = [await open(), await open()];
    const heard = heardBy(listener);
    await listener.query("listen news");
    await speaker.query("notify news, 'first'");
    await eventually(() => heard.length === 1);
    await runAll(speaker, "begin", "select pg_notify('news', 'second')", "notify news, 'rolled back'", "rollback");
    await runAll(speaker, "begin", "notify news, 'third'");
    for (const id of ids) await speaker.query(`update item set name = 'n' where id = ${id}`);
    await speaker.query("commit");
    await eventually(() => heard.length === 2);
    await speaker.query("select pg_notify($1, $2)", ["news", "fourth"]);
    await eventually(() => heard.length === 3);
    expect(heard).toEqual(["news: first", "news: third", "news: fourth"]);
    expect(await rowsOf(listener, "select pg_listening_channels()")).toEqual(["news"]);
  });

  test("a session hears itself, other channels not, and nothing any more after UNLISTEN", async () => {
    const [client, other] = [await open(), await open()];
    const heard = heardBy(client);
    await runAll(client, "listen one", 'listen "Two"', "notify two, 'folded'", "notify \"Two\", 'quoted'");
    await eventually(() => heard.length === 1);
    await runAll(client, "unlisten one", "begin", "listen three", "rollback");
    await runAll(other, "notify one, 'a'", "notify three, 'b'", 'notify "Two"');
    await eventually(() => heard.length === 2);
    await client.query("unlisten *");
    await other.query("notify \"Two\", 'late'");
    await client.query("select 1 from plain");
    expect(heard).toEqual(["Two: quoted", "Two: "]);
    expect(heardBy(other)).toEqual([]);
  });

  test("many listeners each hear every message once, in order", async () => {
    const listeners = await Promise.all(Array.from({ length: 5 }, () => open()));
    const heard = listeners.map(heardBy);
    await Promise.all(listeners.map((client) => client.query("listen broadcast")));
    const speaker = await open();
    const words = Array.from({ length: 20 }, (_, i) => `broadcast: ${i}`);
    for (let i = 0; i < 20; i++) await speaker.query(`notify broadcast, '${i}'`);
    await eventually(() => heard.every(({ length }) => length >= 20));
    for (const each of heard) expect(each).toEqual(words);
  });
});

describe("cursors", () => {
  test("are read piece by piece on the shard of their rows", async () => {
    const client = await open();
    await client.query("begin");
    await client.query(`declare here cursor for select id, name from item where id = ${ids[1]}`);
    await client.query("declare there scroll cursor for select n from plain order by n");
    await client.query("declare copies cursor for select id from code order by id");
    expect(await rowsOf(client, "fetch there")).toEqual(["1"]);
    expect(await rowsOf(client, "fetch 2 from there")).toEqual(["2", "3"]);
    expect((await client.query("move 3 in there")).command).toBe("MOVE");
    expect(await rowsOf(client, "fetch backward 2 from there")).toEqual(["5", "4"]);
    expect(await rowsOf(client, "fetch all from here")).toHaveLength(1);
    expect(await rowsOf(client, "fetch 3 from copies")).toEqual(["1", "2", "3"]);
    expect(await rowsOf(client, "fetch last from there")).toEqual(["10"]);
    await client.query("close there");
    await expect(client.query("fetch there")).rejects.toMatchObject({ code: "34000" });
    await client.query("rollback");
    await expect(client.query("fetch copies")).rejects.toMatchObject({ code: "34000" });
  });

  test("outside of a transaction, and over several shards, are refused", async () => {
    const client = await open();
    await expect(client.query("declare c cursor for select * from plain")).rejects.toMatchObject({ code: "25P01" });
    await client.query("begin");
    await expect(client.query("declare c cursor for select * from item")).rejects.toMatchObject({
      code: "0A000",
      message: expect.stringContaining("[SG060]"),
    });
  });

  test("WITH HOLD outlives its transaction, and hinders nobody", async () => {
    const [client, other] = [await open(), await open()];
    await client.query("declare kept cursor with hold for select n from plain order by n");
    expect(await rowsOf(client, "fetch 2 from kept")).toEqual(["1", "2"]);
    await runAll(client, "begin", `declare held cursor with hold for select name from item where id = ${ids[2]}`);
    for (const id of ids) await client.query(`update item set name = 'changed' where id = ${id}`);
    await client.query("commit");
    await other.query("insert into plain values (11)");
    expect(await rowsOf(client, "fetch all from held")).toHaveLength(1);
    expect(await rowsOf(client, "fetch all from kept")).toEqual(["3", "4", "5", "6", "7", "8", "9", "10"]);
    await expect(other.query("fetch kept")).rejects.toMatchObject({ code: "34000" });
    await client.query("close kept");
    await expect(client.query("fetch kept")).rejects.toMatchObject({ code: "34000" });
    await runAll(client, "close all", "delete from plain where n = 11");
    await expect(client.query("fetch held")).rejects.toMatchObject({ code: "34000" });
    await runAll(client, "begin", "declare lost cursor with hold for select 1", "rollback");
    await expect(client.query("fetch lost")).rejects.toMatchObject({ code: "34000" });
  });

  test("WHERE CURRENT OF changes the row where the cursor stands", async () => {
    const client = await open();
    await runAll(client, "begin", "declare c cursor for select n from plain where n = 4 for update", "fetch c");
    await runAll(client, "update plain set word = 'current' where current of c", "commit");
    expect(await rowsOf(client, "select n from plain where word = 'current'")).toEqual(["4"]);
  });
});

describe("PREPARE in SQL", () => {
  test("a statement is routed anew by its parameters each time", async () => {
    const client = await open();
    await client.query("prepare by_id (int) as select id, name like '%' from item where id = $1");
    for (let round = 0; round < 4; round++) {
      for (const id of ids) expect(await rowsOf(client, `execute by_id(${id})`)).toEqual([`${id}|t`]);
    }
    expect(await rowsOf(client, `execute by_id(${ids[0]} + 0)`)).toEqual([`${ids[0]}|t`]);
    expect(await rowsOf(client, `execute by_id('${ids[1]}')`)).toEqual([`${ids[1]}|t`]);
    expect(await rowsOf(client, "execute by_id(null)")).toEqual([]);
    await client.query("prepare total as select count(*), sum(id) from item");
    expect(await rowsOf(client, "execute total")).toEqual(["60|1830"]);
    await client.query("prepare rename (text, int) as update item set name = $1 where id = $2 returning name");
    expect(await rowsOf(client, `execute rename('it''s', ${ids[2]})`)).toEqual(["it's"]);
    await client.query("prepare add as insert into code values ($1, $2)");
    expect((await client.query("execute add (11, 'eleven')")).rowCount).toBe(1);
    expect(await clients.onShards("delete from code where id = 11 returning label")).toEqual(
      clients.everywhere("eleven"),
    );
  });

  test("types are inferred, given, or wrong as in PostgreSQL", async () => {
    const client = await open();
    await client.query("prepare inferred as select $1::date + $2::int");
    expect(await rowsOf(client, "execute inferred('2026-01-31', 1)")).toEqual(["2026-02-01"]);
    await client.query("prepare given (numeric(10, 2), int[], text) as select $1, $2, $3");
    expect(await rowsOf(client, "execute given(1.005, '{1,2}', 'a,(b)')")).toEqual(["1.005|{1,2}|a,(b)"]);
    await expect(client.query("execute given(1)")).rejects.toMatchObject({ code: "42601" });
    await expect(client.query("execute inferred('x', 1)")).rejects.toMatchObject({ code: "22007" });
    await expect(client.query("execute nothing")).rejects.toMatchObject({ code: "26000" });
    await expect(client.query("prepare given as select 1")).rejects.toMatchObject({ code: "42P05" });
    await expect(client.query("prepare wrong as select nope")).rejects.toMatchObject({ code: "42703" });
  });

  test("belongs to its session, outlives a rollback, and shares its names with the protocol", async () => {
    const [client, other] = [await open(), await open()];
    await runAll(client, "begin", "prepare mine as select 'mine'", "rollback");
    await other.query("prepare mine as select 'other'");
    expect(await rowsOf(client, "execute mine")).toEqual(["mine"]);
    expect(await rowsOf(other, "execute mine")).toEqual(["other"]);
    await client.query({ name: "by_protocol", text: "select $1::text", values: ["x"] });
    expect(await rowsOf(client, "execute by_protocol('y')")).toEqual(["y"]);
    await client.query("deallocate mine");
    await expect(client.query("execute mine")).rejects.toMatchObject({ code: "26000" });
    await expect(client.query("deallocate mine")).rejects.toMatchObject({ code: "26000" });
    await client.query("deallocate all");
    await expect(client.query("execute by_protocol('y')")).rejects.toMatchObject({ code: "26000" });
    expect(await rowsOf(other, "execute mine")).toEqual(["other"]);
  });

  test("sees changes of its table", async () => {
    const [client, other] = [await open(), await open()];
    await client.query("create table wide (id int primary key, a int)");
    await client.query("prepare one as select id, a from wide where id = $1");
    await client.query("insert into wide values (1, 2)");
    expect(await rowsOf(client, "execute one(1)")).toEqual(["1|2"]);
    // PostgreSQL would refuse ("cached plan must not change result type"); the gateway tells the new columns with the rows.
    await other.query("alter table wide add column c int default 3, alter column a type text");
    expect((await client.query("execute one(1)")).rows).toEqual([{ id: 1, a: "2" }]);
    await client.query("drop table wide");
    await expect(client.query("execute one(1)")).rejects.toMatchObject({ code: "42P01" });
  });

  test("through the protocol, is an error once its columns have changed: the client reads rows by what it was told", async () => {
    const other = await open();
    await runAll(other, "create table told (id int primary key, a int)", "insert into told values (1, 2)");
    const raw = await RawClient.ready(cluster.port);
    const sync = serialize.sync();
    raw.send(serialize.parse({ name: "s", text: "select a from told" }), serialize.describe({ type: "S", name: "s" }));
    raw.send(sync);
    await raw.until("Z");
    const answer = async () => {
      raw.frames.length = 0;
      raw.send(serialize.bind({ portal: "", statement: "s" }), serialize.execute({ portal: "", rows: 0 }), sync);
      return raw.until("Z");
    };
    expect(await answer()).toEqual(["2", "D 2", "C SELECT 1", "Z I"]);
    await other.query("alter table told alter column a type text using 'text'");
    const refused = ["E ERROR 0A000 cached plan must not change result type", "Z I"];
    expect(await answer()).toEqual(refused);
    // The same on a connection that has never seen the statement.
    const shard = await clients.shard("s1");
    await shard.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'");
    await eventually(async () => !/ (57P01|08006) /.test((await answer())[0]!));
    expect(await answer()).toEqual(refused);
    raw.end();
    await eventually(() => other.query("drop table if exists told"));
  });

  test("EXPLAIN EXECUTE and CREATE TABLE AS EXECUTE are refused", async () => {
    const client = await open();
    await client.query("prepare few (int) as select n, word from plain where n <= $1");
    for (const text of ["explain execute few(5)", "create table chosen as execute few(3)"]) {
      await expect(client.query(text)).rejects.toMatchObject({
        code: "0A000",
        message: expect.stringContaining("[SG050]"),
      });
    }
  });

  test("pg_prepared_statements is refused, pg_cursors shows what the session has", async () => {
    const client = await open();
    await client.query("prepare seen (int) as select $1");
    await expect(client.query("select name from pg_prepared_statements")).rejects.toMatchObject({
      message: expect.stringContaining("[SG082]"),
    });
    await runAll(client, "begin", "declare shown cursor for select 1");
    expect(await rowsOf(client, "select name from pg_cursors")).toEqual(["shown"]);
  });
});

describe("sequences", () => {
  test("currval and lastval are the session's own, or refused", async () => {
    const [client, other] = [await open(), await open()];
    await expect(client.query("select currval('counter')")).rejects.toMatchObject({
      code: expect.stringMatching(/^(55000|0A000)$/),
    });
    await client.query("begin");
    const [mine] = await rowsOf(client, "select nextval('counter')");
    await rowsOf(other, "select nextval('counter')");
    expect(await rowsOf(client, "select currval('counter'), lastval()")).toEqual([`${mine}|${mine}`]);
    await client.query("commit");
  });
});
