// A client cannot make its commits wait for less than the topology demands. The servers themselves have
// synchronous_commit = off, so `on` is never there by chance.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { ReplicatedCluster } from "../support/replicated-cluster.ts";

let cluster: ReplicatedCluster;
let client: pg.Client;
let warnings: string[] = [];

beforeAll(async () => {
  cluster = await ReplicatedCluster.start({ shards: 2, standbys: 0 });
  const first = await cluster.open();
  await runAll(first, "create table t (id int primary key)", "select create_distributed_table('t', 'id')");
  await runAll(
    first,
    "create function hurry() returns text language sql as $$ select set_config('synchronous_commit', 'off', true) $$",
    "create function careful() returns text language sql as $$ select set_config('synchronous_commit', 'on', true) $$",
    "create function hurry_on() returns text language plpgsql as $$ begin return hurry(); end $$",
    "create function hurried() returns trigger language plpgsql as $$ begin perform hurry(); return new; end $$",
    "create table pushed (id int)",
    "create trigger hurried before insert on pushed for each row execute function hurried()",
  );
});
beforeEach(async () => {
  client = await open();
});
afterEach(() => client.end());
afterAll(() => cluster?.stop());

async function open(config: pg.ClientConfig = {}): Promise<pg.Client> {
  warnings = [];
  const opened = await cluster.open(config);
  opened.on("notice", ({ severity, message }) => warnings.push(`${severity}: ${message}`));
  return opened;
}

/** Of the second shard; sessions feel it from their next statement on. */
async function demand(durability: "none" | "one"): Promise<void> {
  await cluster.change("s2", (before) => ({ ...before, durability }));
  const wanted = durability === "none" ? "off" : "on";
  await eventually(async () => (await setting(client, 1)) === wanted);
}

/** On the shard of a key, as a statement there sees it. */
async function setting(asked: pg.Client, key: number): Promise<string | undefined> {
  const text = "select current_setting('synchronous_commit') from (values (1)) v left join t on id = $1";
  return (await rowsOf(asked, text.replace("$1", String(key))))[0];
}

const warning =
  'WARNING: synchronous_commit stays "on": commits wait for standbys, as the durability of the shards demands';

describe("where nothing is demanded", () => {
  test.each(["off", "local", "remote_write", "on", "remote_apply"])("SET .. TO %s is carried out", async (value) => {
    await client.query(`set synchronous_commit = ${value}`);
    expect(await rowsOf(client, "show synchronous_commit")).toEqual([value]);
    expect(warnings).toEqual([]);
  });

  test("functions may set it as well", async () => {
    expect(await rowsOf(client, "select hurry()")).toEqual(["off"]);
    await client.query("insert into pushed values (0)");
  });
});

describe("where commits wait for standbys", () => {
  beforeAll(async () => {
    client = await open();
    await demand("one");
    await client.end();
  });

  test("that is what a session begins with", async () => {
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    expect(warnings).toEqual([]);
  });

  test.each(["off", "'OFF'", "false", "no", "0", "local", "remote_write"])(
    "SET .. TO %s says that it does not",
    async (value) => {
      await client.query(`set synchronous_commit = ${value}`);
      expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
      expect(warnings).toEqual([warning]);
    },
  );

  test.each(["on", "true", "remote_apply"])("SET .. TO %s is carried out", async (value) => {
    await client.query(`set synchronous_commit = ${value}`);
    expect(await rowsOf(client, "show synchronous_commit")).toEqual([value === "true" ? "on" : value]);
    expect(warnings).toEqual([]);
  });

  test("after remote_apply, off is on", async () => {
    await runAll(client, "set synchronous_commit = remote_apply", "set synchronous_commit = off");
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
  });

  test("RESET goes back to on", async () => {
    await runAll(client, "set synchronous_commit = remote_apply", "reset synchronous_commit");
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    await runAll(client, "set synchronous_commit = remote_apply", "reset all");
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    expect(warnings).toEqual([]);
  });

  test("SET LOCAL holds for the transaction, on every shard", async () => {
    await runAll(client, "begin", "set local synchronous_commit = off", "select from t");
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    await client.query("commit");
    expect(warnings).toEqual([warning]);
  });

  test.each([
    "select set_config('synchronous_commit', 'off', false)",
    "select set_config('synchronous_commit', $1, $2)",
  ])("%s", async (text) => {
    await client.query(text, text.includes("$1") ? ["local", "false"] : []);
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    expect(warnings).toEqual([warning]);
    await runAll(client, "begin", "select set_config('synchronous_commit', 'off', true)");
    expect(await rowsOf(client, "show synchronous_commit")).toEqual(["on"]);
    await client.query("commit");
    expect(warnings).toEqual([warning, warning]);
  });

  test("options of a new connection", async () => {
    const other = await cluster.open({ options: "-c synchronous_commit=off" });
    expect(await rowsOf(other, "show synchronous_commit")).toEqual(["on"]);
    await runAll(other, "set synchronous_commit = remote_apply", "reset synchronous_commit");
    expect(await rowsOf(other, "show synchronous_commit")).toEqual(["on"]);
  });

  test("defaults of a role and of a database", async () => {
    await runAll(client, "create role hasty login", "grant select on t to hasty");
    await client.query("alter role hasty set synchronous_commit = 'off'");
    await client.query("alter database postgres set synchronous_commit = local");
    expect(warnings).toEqual([warning, warning]);
    const hasty = await cluster.open({ user: "hasty" });
    expect(await rowsOf(hasty, "show synchronous_commit")).toEqual(["on"]);
    expect(await rowsOf(await cluster.open(), "show synchronous_commit")).toEqual(["on"]);
    // They are there, for a time when less is demanded.
    expect(await rowsOf(client, "select setconfig from pg_db_role_setting order by 1")).toEqual([
      "{synchronous_commit=local}",
      "{synchronous_commit=off}",
    ]);
    await client.query("alter database postgres reset all");
    expect(warnings).toHaveLength(2);
  });

  test.each([
    ["a DO block", "do $$ begin set local synchronous_commit = off; end $$"],
    ["a DO block", "do $$ begin perform set_config('synchronous_commit', 'local', true); end $$"],
    ["a DO block", "do $$ begin execute 'set local synchronous_commit to ''off'''; end $$"],
    ["a DO block", 'do $$ begin set local "synchronous_commit" = off; end $$'],
    ['function "hurry"', "select hurry()"],
    ['function "hurry_on"', "insert into t select 100 where hurry_on() is null"],
    ['a trigger of table "pushed"', "insert into pushed values (1)"],
  ])("%s that lowers it is refused: %s", async (what, text) => {
    await expect(client.query(text)).rejects.toMatchObject({
      code: "0A000",
      message: `${what} lowers synchronous_commit [SG089]`,
    });
  });

  test.each([
    "do $$ begin set local synchronous_commit = on; end $$",
    "do $$ begin set local synchronous_commit to default; end $$",
    "do $$ begin perform current_setting('synchronous_commit'); end $$",
    "select careful()",
  ])("what does not lower it is carried out: %s", async (text) => {
    await client.query(text);
  });

  test("what decides about standbys cannot be set for the system", async () => {
    await expect(client.query("alter system set synchronous_standby_names = ''")).rejects.toMatchObject({
      code: "0A000",
    });
  });
});

test("a session that has set it before commits must wait for standbys waits as well", async () => {
  await demand("none");
  await client.query("set synchronous_commit = local");
  const started = await cluster.open({ options: "-c synchronous_commit=local" });
  expect(await setting(client, 1)).toBe("local");
  const first = "select from t where id = 1";
  const listening = await cluster.open();
  const hasty = await cluster.open();
  const between = await cluster.open();
  const rolledBack = await cluster.open();
  const failed = await cluster.open();
  const lowDefault = await cluster.open();
  await listening.query("listen news");
  await runAll(hasty, "set synchronous_commit = off", "listen news");
  await runAll(between, "begin", first, "listen news");
  for (const session of [rolledBack, failed]) {
    await runAll(session, "set synchronous_commit = off", "listen news", "begin", "select 1 from pg_class limit 1");
  }
  await runAll(lowDefault, "begin", first, "listen news");
  await demand("one");
  await between.query("commit");
  await expect(failed.query("select 1 / 0 from pg_class")).rejects.toMatchObject({ code: "22012" });
  await failed.query("commit");
  for (const session of [rolledBack, lowDefault]) await session.query("rollback");
  for (const session of [rolledBack, failed, lowDefault]) {
    expect(await rowsOf(session, "select current_setting('synchronous_commit')")).toEqual(["on"]);
  }
  // Of connections that they keep, at home.
  for (const session of [listening, hasty, between, rolledBack, failed, lowDefault]) {
    for (const [before, after] of [
      ["select 1", "select 1"],
      ["reset synchronous_commit", "select 1"],
      ["reset all", "select 1"],
      ["begin", "rollback"],
      ["begin; reset synchronous_commit", "commit"],
    ] as const) {
      await session.query(before);
      expect(await rowsOf(session, "show synchronous_commit")).toEqual(["on"]);
      await session.query(after);
      expect(await rowsOf(session, "select current_setting('synchronous_commit')")).toEqual(["on"]);
    }
  }
  for (const session of [client, started]) {
    expect(await rowsOf(session, "show synchronous_commit")).toEqual(["on"]);
    for (const key of [1, 2, 3, 4, 5, 6]) expect(await setting(session, key)).toBe("on");
  }
});
