// What a session remembers, although its statements travel over connections that it shares with others: settings, names,
// roles, temporary tables, locks, cursors, prepared statements. Nobody ever sees what belongs to somebody else.
import type pg from "pg";
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
    "create table plain (n int)",
    "select create_distributed_table('item', 'id')",
    "insert into item select n, 'item ' || n from generate_series(1, 60) n",
    "create role reader",
    "create role writer",
    "grant select on item to reader",
    "grant select, insert, update on item, plain to writer",
    "create schema one",
    "create schema two",
    "create table one.thing (id int primary key, name text default 'one')",
    "create table two.thing (id int primary key, name text default 'two')",
    "create table one.place (n int)",
    "create table two.place (n int)",
    "select create_distributed_table('one.thing', 'id')",
    "select create_distributed_table('two.thing', 'id')",
    "insert into one.thing select n from generate_series(1, 30) n",
    "insert into two.thing select n from generate_series(1, 30) n",
    "grant all on schema one, two to writer",
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

/** A value as each shard sees it, with parameters and without. */
async function onEach(client: pg.Client, expression: string): Promise<string[]> {
  const seen: string[] = [];
  for (const id of ids) {
    seen.push(...(await rowsOf(client, `select ${expression} from item where id = ${id}`)));
    seen.push(...(await rowsOf(client, `select ${expression} from item where id = $1`, [id])));
  }
  seen.push(...(await rowsOf(client, `select ${expression} from plain right join (values (1)) v on true`)));
  return [...new Set(seen)];
}

const setting = (client: pg.Client, name: string) => onEach(client, `current_setting('${name}', true)`);

describe("settings", () => {
  test("sessions with different settings over the same connections never see each other's", async () => {
    const zones = ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Vienna", "Asia/Kolkata", "Australia/Sydney"];
    const sessions = await Promise.all(zones.map(() => open()));
    const expected = zones.map((zone, i) => `${zone}|worker ${i}|${i + 5}MB|mine ${i}`);
    await Promise.all(
      sessions.map((client, i) =>
        runAll(
          client,
          `set time zone '${zones[i]}'`,
          `set application_name = 'worker ${i}'`,
          `set work_mem = '${i + 5}MB'`,
          `set my.own = 'mine ${i}'`,
        ),
      ),
    );
    const values = ["TimeZone", "application_name", "work_mem", "my.own"].map((name) => `current_setting('${name}')`);
    const query = `select ${values.join(", ")} from item where id = $1`;
    for (let round = 0; round < 15; round++) {
      const answers = await Promise.all(sessions.map((client, i) => rowsOf(client, query, [ids[(i + round) % 3]])));
      expect(answers.flat()).toEqual(expected);
    }
    // Time zones decide what a text means: the same text, another instant in each session.
    const instants = await Promise.all(
      sessions.map((client) =>
        rowsOf(
          client,
          `select extract(epoch from '2026-01-15 12:00'::timestamptz)::int from item where id = ${ids[1]}`,
        ),
      ),
    );
    expect(new Set(instants.flat()).size).toBe(zones.length);
  });

  test("SET holds on every shard, RESET goes back, also to what the client began with", async () => {
    const client = await open({ options: "-c work_mem=6MB -c my.own=a\\ b", application_name: "began" });
    expect(await setting(client, "work_mem")).toEqual(["6MB"]);
    expect(await setting(client, "my.own")).toEqual(["a b"]);
    await runAll(client, "set work_mem = '8MB'", "set my.own to 'it''s \"x\"\\'", "set application_name to changed");
    expect(await setting(client, "work_mem")).toEqual(["8MB"]);
    expect(await setting(client, "my.own")).toEqual(['it\'s "x"\\']);
    expect(await setting(client, "application_name")).toEqual(["changed"]);
    await runAll(client, "reset work_mem", "set my.own to default");
    expect(await setting(client, "work_mem")).toEqual(["6MB"]);
    expect(await setting(client, "my.own")).toEqual(["a b"]);
    await runAll(client, "set work_mem = '8MB'", "set datestyle = 'German'", "reset all");
    expect(await setting(client, "work_mem")).toEqual(["6MB"]);
    expect(await setting(client, "DateStyle")).toEqual(["ISO, MDY"]);
    expect(await setting(client, "application_name")).toEqual(["began"]);
  });

  test("a wrong SET is PostgreSQL's error and changes nothing", async () => {
    const client = await open();
    await client.query("set work_mem = '8MB'");
    await expect(client.query("set work_mem = 'much'")).rejects.toMatchObject({ code: "22023" });
    await expect(client.query("set no_such_setting = 1")).rejects.toMatchObject({ code: "42704" });
    await expect(client.query("set max_connections = 1")).rejects.toMatchObject({ code: "55P02" });
    await expect(client.query("show no_such_setting")).rejects.toMatchObject({ code: "42704" });
    expect(await setting(client, "work_mem")).toEqual(["8MB"]);
    expect(await rowsOf(client, "show work_mem")).toEqual(["8MB"]);
  });

  test("a wrong setting at the start ends the connection with PostgreSQL's error", async () => {
    await expect(clients.open({ options: "-c work_mem=much" })).rejects.toMatchObject({
      code: "22023",
      severity: "FATAL",
    });
    await expect(clients.open({ options: "-c no_such_setting=1" })).rejects.toMatchObject({ code: "42704" });
    await expect(clients.open({ database: "nowhere" })).rejects.toMatchObject({ code: "3D000" });
    await expect(clients.open({ user: "nobody_at_all" })).rejects.toMatchObject({ code: "28000" });
  });

  test("SET LOCAL outside of a transaction warns and changes nothing", async () => {
    const client = await open();
    const notices: unknown[] = [];
    client.on("notice", ({ code }) => notices.push(code));
    await client.query("set local work_mem = '8MB'");
    expect(notices).toEqual(["25P01"]);
    expect(await setting(client, "work_mem")).toEqual(["4MB"]);
  });

  test("set_config is SET as a function, with constants and with parameters", async () => {
    const client = await open();
    expect(await rowsOf(client, "select set_config('my.own', 'x', false)")).toEqual(["x"]);
    expect(await rowsOf(client, "select set_config($1, $2, $3)", ["work_mem", "8MB", false])).toEqual(["8MB"]);
    expect(await setting(client, "my.own")).toEqual(["x"]);
    expect(await setting(client, "work_mem")).toEqual(["8MB"]);
    await client.query("begin");
    await client.query("select set_config('work_mem', '9MB', true), set_config('my.own', 'y', true)");
    expect(await setting(client, "work_mem")).toEqual(["9MB"]);
    expect(await setting(client, "my.own")).toEqual(["y"]);
    await client.query("commit");
    expect(await setting(client, "work_mem")).toEqual(["8MB"]);
    expect(await setting(client, "my.own")).toEqual(["x"]);
    await expect(client.query("select set_config('my.own', name, false) from item")).rejects.toMatchObject({
      code: "0A000",
      message: expect.stringContaining("[SG059]"),
    });
  });

  test("SHOW tells the session's own values, and SHOW ALL all of them", async () => {
    const client = await open({ options: "-c intervalstyle=iso_8601" });
    await client.query("set statement_timeout = 12345");
    expect(await rowsOf(client, "show statement_timeout")).toEqual(["12345ms"]);
    expect(await rowsOf(client, "show IntervalStyle")).toEqual(["iso_8601"]);
    const all = await rowsOf(client, "show all");
    expect(all.find((row) => row.startsWith("statement_timeout|"))).toMatch(/^statement_timeout\|12345ms\|/);
    const view = "select setting, source, reset_val from pg_settings where name = 'statement_timeout'";
    expect(await rowsOf(client, view)).toEqual(["12345|session|0"]);
  });

  test("DISCARD ALL leaves nothing of what the session had", async () => {
    const client = await open({ application_name: "tidy" });
    const heard: unknown[] = [];
    client.on("notification", ({ payload }) => heard.push(payload));
    await runAll(
      client,
      "set work_mem = '8MB'",
      "set search_path = two",
      "set role writer",
      "prepare p as select 1",
      "listen news",
      "create temp table scratch (n int)",
      "select pg_advisory_lock(77)",
      "discard all",
    );
    expect(await setting(client, "work_mem")).toEqual(["4MB"]);
    expect(await setting(client, "search_path")).toEqual(['"$user", public']);
    expect(await onEach(client, "current_user")).toEqual(["postgres"]);
    expect(await setting(client, "application_name")).toEqual(["tidy"]);
    await expect(client.query("execute p")).rejects.toMatchObject({ code: "26000" });
    await expect(client.query("select from scratch")).rejects.toMatchObject({ code: "42P01" });
    const other = await open();
    await eventually(async () => (await rowsOf(other, "select pg_try_advisory_lock(77)"))[0] === "t");
    await other.query("notify news, 'unheard'");
    await client.query("select 1");
    expect(heard).toEqual([]);
    await runAll(client, "begin");
    await expect(client.query("discard all")).rejects.toMatchObject({ code: "25001" });
  });
});

test("a commit over several shards that one of them refuses takes settings back on all", async () => {
  const client = await open();
  await runAll(
    client,
    "create table strict (id int, n int, unique (id, n) deferrable initially deferred)",
    "select create_distributed_table('strict', 'id')",
  );
  for (const refusing of ids) {
    await runAll(client, "begin", "set work_mem = '9MB'");
    for (const id of ids)
      await client.query("insert into strict values ($1, 1), ($1, $2)", [id, id === refusing ? 1 : 2]);
    await expect(client.query("commit")).rejects.toMatchObject({ code: "23505" });
    expect(await onEach(client, "current_setting('work_mem')")).toEqual(["4MB"]);
  }
});

describe("what the client is told", () => {
  /** ParameterStatus messages so far. */
  function statusOf(client: pg.Client): string[] {
    const heard: string[] = [];
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    connection.on("parameterStatus", (message: { parameterName: string; parameterValue: string }) =>
      heard.push(`${message.parameterName}=${message.parameterValue}`),
    );
    return heard;
  }

  test("a session begins with the parameters that PostgreSQL reports, as the client asked for them", async () => {
    const client = await RawClient.open(cluster.port);
    client.start({
      user: "postgres",
      database: "postgres",
      application_name: "raw",
      TimeZone: "Asia/Tokyo",
      options: "-c DateStyle=German",
    });
    await client.until("Z");
    const told = client.frames
      .filter(({ type }) => type === "S".charCodeAt(0))
      .map(({ bytes }) => bytes.toString("utf8", 5, bytes.length - 1).replace("\0", "="));
    expect(told).toEqual(
      expect.arrayContaining([
        "application_name=raw",
        "TimeZone=Asia/Tokyo",
        "DateStyle=German, DMY",
        "client_encoding=UTF8",
        "server_encoding=UTF8",
        "integer_datetimes=on",
        "standard_conforming_strings=on",
        "server_version=18.4",
        "session_authorization=postgres",
        "is_superuser=on",
        "in_hot_standby=off",
      ]),
    );
    expect(new Set(told.map((line) => line.split("=")[0])).size).toBe(told.length);
    client.end();
  });

  test("SET, RESET and a rollback of SET are reported, each once", async () => {
    const client = await open({ options: "-c TimeZone=UTC" });
    const heard = statusOf(client);
    await client.query("set time zone 'Asia/Tokyo'");
    expect(heard.splice(0)).toEqual(["TimeZone=Asia/Tokyo"]);
    await client.query("set application_name = 'told'");
    expect(heard.splice(0)).toEqual(["application_name=told"]);
    await runAll(client, "begin", "set datestyle = 'German'", `select from item where id = ${ids[1]}`);
    expect(heard.splice(0)).toEqual(["DateStyle=German, DMY"]);
    await client.query("rollback");
    expect(heard.splice(0)).toEqual(["DateStyle=ISO, MDY"]);
    await client.query("reset time zone");
    expect(heard.splice(0)).toEqual(["TimeZone=UTC"]);
  });

  test("nobody is told what others have set", async () => {
    const [quiet, loud] = [await open(), await open()];
    const heard = statusOf(quiet);
    for (const zone of ["Asia/Tokyo", "Europe/Vienna", "Asia/Kolkata"]) {
      await loud.query(`set time zone '${zone}'`);
      await loud.query("set application_name = 'loud'");
      for (const id of ids) {
        await loud.query(`select from item where id = ${id}`);
        await quiet.query(`select from item where id = ${id}`);
        await quiet.query("select count(*) from item");
      }
    }
    expect(heard).toEqual([]);
  });
});

describe("search_path", () => {
  test("the same words mean other tables in other sessions", async () => {
    const [one, two] = [await open(), await open({ options: "-c search_path=two" })];
    await one.query("set search_path to one, public");
    for (let round = 0; round < 3; round++) {
      for (const [client, name] of [
        [one, "one"],
        [two, "two"],
      ] as const) {
        expect(await rowsOf(client, "select name from thing where id = $1", [round + 1])).toEqual([name]);
        expect(await rowsOf(client, "select distinct name from thing")).toEqual([name]);
        expect(await rowsOf(client, "select 'place'::regclass, current_schema")).toEqual([`place|${name}`]);
      }
    }
    await one.query("insert into place values (1)");
    await two.query("insert into place values (2), (3)");
    expect(await rowsOf(one, "select (select count(*) from one.place), (select count(*) from two.place)")).toEqual([
      "1|2",
    ]);
    expect(await rowsOf(one, "select count(*) from item")).toEqual(["60"]);
    await expect(two.query("select count(*) from item")).rejects.toMatchObject({ code: "42P01" });
    await one.query("truncate one.place, two.place");
  });

  test("a prepared statement follows the path, as PostgreSQL plans it anew", async () => {
    const client = await open({ options: "-c search_path=one" });
    const query = { name: "by-path", text: "select name from thing where id = $1", values: [3] };
    expect((await client.query(query)).rows).toEqual([{ name: "one" }]);
    await client.query("set search_path = two");
    expect((await client.query(query)).rows).toEqual([{ name: "two" }]);
    await client.query("prepare by_sql (int) as select name from thing where id = $1");
    await client.query("set search_path = one");
    expect(await rowsOf(client, "execute by_sql (3)")).toEqual(["one"]);
  });

  test("new tables come into the first schema; the path ends with the transaction that set it", async () => {
    const client = await open();
    await runAll(client, "begin", "set local search_path = two", "create table fresh (n int)", "commit");
    expect(await clients.onShards("select to_regclass('two.fresh')")).toEqual(clients.everywhere("two.fresh"));
    await expect(client.query("select from fresh")).rejects.toMatchObject({ code: "42P01" });
    await runAll(client, "begin", "set search_path = two", "select from fresh", "rollback");
    await expect(client.query("select from fresh")).rejects.toMatchObject({ code: "42P01" });
    await runAll(client, "begin", "set search_path = two", "commit", "select from fresh", "drop table fresh");
  });

  test('"$user" follows the role', async () => {
    const client = await open();
    await runAll(client, "create schema writer authorization writer", "create table writer.own (n int)");
    await runAll(client, "grant select on writer.own to writer", "set role writer", "select from own");
    await client.query("reset role");
    await expect(client.query("select from own")).rejects.toMatchObject({ code: "42P01" });
    await client.query("drop schema writer cascade");
  });
});

describe("roles", () => {
  test("SET ROLE holds on every shard, for one row and for all of them", async () => {
    const client = await open();
    await client.query("set role reader");
    expect(await rowsOf(client, `select current_user, session_user from item where id = ${ids[1]}`)).toEqual([
      "reader|postgres",
    ]);
    expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
    const denied = { code: "42501" };
    for (const id of ids) {
      await expect(client.query(`update item set name = 'x' where id = ${id}`)).rejects.toMatchObject(denied);
    }
    await expect(client.query("update item set name = 'x'")).rejects.toMatchObject(denied);
    await expect(client.query("insert into item values (1001), (1002), (1003)")).rejects.toMatchObject(denied);
    await expect(client.query("select from plain")).rejects.toMatchObject(denied);
    await expect(client.query("create table public.mine (n int)")).rejects.toMatchObject(denied);
    await client.query("reset role");
    expect(await onEach(client, "current_user")).toEqual(["postgres"]);
  });

  test("SET SESSION AUTHORIZATION is another user until it is reset", async () => {
    const client = await open();
    await client.query("set session authorization writer");
    for (const id of ids) {
      expect(await rowsOf(client, `select current_user, session_user from item where id = ${id}`)).toEqual([
        "writer|writer",
      ]);
    }
    await expect(client.query("delete from item")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("set role postgres")).rejects.toMatchObject({ code: "42501" });
    await client.query("reset session authorization");
    expect(await onEach(client, "session_user")).toEqual(["postgres"]);
  });

  test("a role set in a transaction ends with it, on all shards", async () => {
    const [client, other] = [await open(), await open()];
    await runAll(client, "begin", "set local role reader");
    await expect(client.query(`update item set name = '' where id = ${ids[2]}`)).rejects.toMatchObject({
      code: "42501",
    });
    await client.query("rollback");
    for (const session of [client, other]) expect(await onEach(session, "current_user")).toEqual(["postgres"]);
    await runAll(client, "begin", "set role writer", "commit");
    expect(await rowsOf(client, `select current_user from item where id = ${ids[2]}`)).toEqual(["writer"]);
    expect(await onEach(other, "current_user")).toEqual(["postgres"]);
  });

  test.each([
    ["a statement", []],
    ["a transaction", ["begin"]],
    ["a statement over several shards", ["select count(*) from item"]],
  ])(
    "set where a connection that the session keeps has no part in it, %s there finds it in force",
    async (_, first) => {
      const client = await open();
      await client.query("listen news");
      const sql = "select current_user, current_setting('work_mem') from plain right join (values (1)) v on true";
      for (const [role, more, seen] of [
        ["set role writer", "set work_mem = '9MB'", "writer|9MB"],
        ["reset role", "reset work_mem", "postgres|4MB"],
        ["set session authorization writer", "select set_config('work_mem', '7MB', false)", "writer|7MB"],
      ] as const) {
        await runAll(client, "begin", `select from item where id = ${ids[2]}`, role, more, "commit");
        await runAll(client, ...first);
        expect(await rowsOf(client, sql)).toEqual([seen]);
        await client.query("rollback");
        expect(await rowsOf(client, sql)).toEqual([seen]);
      }
    },
  );

  test("settings of roles and databases hold for new sessions", async () => {
    const admin = await open();
    await runAll(admin, "create role tuned login", "alter role tuned set work_mem = '11MB'", "grant reader to tuned");
    const client = await open({ user: "tuned" });
    for (const id of ids) {
      expect(await rowsOf(client, `select current_setting('work_mem') from item where id = ${id}`)).toEqual(["11MB"]);
    }
    await client.end();
    await admin.query("drop role tuned");
  });
});
