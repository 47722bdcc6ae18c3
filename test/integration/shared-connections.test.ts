// Code inside of PostgreSQL may leave something on its connection that no statement of the client shows: a setting, a lock,
// a temporary table. Sessions share connections: such code is refused, or what it leaves stays with its session.
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
/** A key of table `item` on each shard. */
let ids: number[] = [];

const leaving = [
  ...[
    "sets_config",
    "sets",
    "sets_by_text",
    "sets_role",
    "locks",
    "locks_by_text",
    "makes_table",
    "listens",
    "calls",
  ].map((name) => `select ${name}()`),
  "select sets_in_sql()",
  "call sets_in_procedure()",
  "do $$ begin perform set_config('my.tenant', 'leaked', false); end $$",
  "do $$ begin set my.tenant = 'leaked'; end $$",
  "do $$ begin set role leaker; end $$",
  "do $$ begin create temp table leaked (n int); end $$",
  "do $$ begin perform pg_advisory_lock(4711); end $$",
  "do $$ begin execute 'listen leaked'; end $$",
  "do $$ begin execute 'set my.' || 'tenant = ''leaked'''; end $$",
  "do language sql $$ select set_config('my.tenant', 'leaked', false) $$",
];

beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
  clients = new ClusterClients(cluster, 2);
  const setup = await clients.open();
  const code = (name: string, body: string) =>
    `create function ${name}() returns int language plpgsql as $$ begin ${body}; return 1; end $$`;
  await runAll(
    setup,
    "create table item (id int primary key, name text)",
    "select create_distributed_table('item', 'id')",
    "insert into item select n, 'item ' || n from generate_series(1, 30) n",
    code("sets_config", "perform set_config('my.tenant', 'leaked', false)"),
    code("sets", "set my.tenant = 'leaked'"),
    code("sets_by_text", "execute 'set my.' || 'tenant = ''leaked'''"),
    code("sets_role", "set role leaker"),
    code("locks", "perform pg_advisory_lock(4711)"),
    code("locks_by_text", "execute 'select pg_advisory_' || 'lock(4711)'"),
    code("makes_table", "create temp table if not exists leaked (n int)"),
    code("listens", "execute 'listen ' || 'leaked'"),
    code("calls", "perform sets_config()"),
    "create function sets_in_sql() returns text language sql as $$ select set_config('my.tenant', 'leaked', false) $$",
    "create function sets_for_itself() returns text language sql set my.tenant = 'own' as $$ select current_setting('my.tenant') $$",
    "create procedure sets_in_procedure() language plpgsql as $$ begin set my.tenant = 'leaked'; end $$",
    "create role leaker login",
    ...leaving.map((_, i) => `create role user_${i} superuser login`),
    "grant select on item to public",
  );
  await setup.end();
  ids = (await clients.keysByShard("item", "id")).map(([first]) => first!);
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

/** Everything of that kind that a session can see on the connections that it meets. */
async function traces(client: pg.Client): Promise<string[]> {
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    for (const id of ids) {
      const [row] = await rowsOf(
        client,
        `select nullif(current_setting('my.tenant', true), ''), nullif(current_user, session_user), to_regclass('pg_temp.leaked')
           from item where id = ${id}`,
      );
      seen.add(row!);
    }
    const [listening] = await rowsOf(client, "select count(*) from pg_listening_channels()");
    const [row] = await rowsOf(
      client,
      "select nullif(current_setting('my.tenant', true), ''), nullif(current_user, session_user), to_regclass('pg_temp.leaked')",
    );
    seen.add(row!);
    seen.add(`listening: ${listening}`);
  }
  return [...seen].sort();
}

const none = ["listening: 0", "null|null|null"];

test.each(leaving.map((text, i) => [text, `user_${i}`] as const))(
  "%s is seen by nobody else",
  { timeout: 5_000 },
  async (text, user) => {
    // A role of its own: connections are shared by sessions of one role.
    const [one, two] = [await clients.open({ user }), await clients.open({ user })];
    const outcome = await one.query(text).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    // Another session, while the first one is idle; then one that comes after its end.
    expect(await traces(two)).toEqual(none);
    if (outcome === "done" && text.includes("lock")) {
      expect(await rowsOf(two, "select pg_try_advisory_lock(4711)")).toEqual(["f"]);
    }
    await one.end();
    const three = await clients.open({ user });
    expect(await traces(three)).toEqual(none);
    // What the session had ends with it.
    const locks = `select from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and usename = '${user}'`;
    await eventually(async () => Object.values(await clients.onShards(locks)).flat().length === 0);
    await two.end();
    await three.end();
    if (outcome !== "done") expect(outcome).toMatch(/^(0A000|42601)$/);
  },
);

test("the session itself goes on seeing what its functions have set, where they are not refused", async () => {
  for (const text of ["select sets_config()", "select sets()", "call sets_in_procedure()"]) {
    const client = await clients.open({ user: "user_0" });
    const isDone = await client.query(text).then(
      () => true,
      (error: { code: string }) => {
        expect(error.code).toBe("0A000");
        return false;
      },
    );
    if (isDone) {
      for (const id of ids) {
        expect(
          await rowsOf(client, `select current_setting('my.tenant', true) from item where id = ${id}`),
          text,
        ).toEqual(["leaked"]);
      }
    }
    await client.end();
  }
});

test("a function with settings of its own is no trouble", async () => {
  const client = await clients.open({ user: "leaker" });
  expect(await rowsOf(client, "select sets_for_itself()")).toEqual(["own"]);
  expect(await traces(client)).toEqual(none);
  await client.end();
});
