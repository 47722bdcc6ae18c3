// Roles, passwords, privileges and databases of a cluster that asks for passwords: the same on every shard, at once, and
// without a password ever being seen where it does not belong.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let admin: pg.Client;
let opened: pg.Client[] = [];
/** A key of table `item` on each shard. */
let ids: number[] = [];

beforeAll(async () => {
  cluster = await startCluster({ shards: 3, authentication: "scram-sha-256", postgresPassword: "root's" });
  clients = new ClusterClients(cluster, 3, { password: "root's" });
  admin = await clients.open();
  await runAll(
    admin,
    "create table item (id int primary key, owner text, name text)",
    "create table plain (n int)",
    "create table code (id int primary key)",
    "select create_distributed_table('item', 'id')",
    "select create_reference_table('code')",
    "insert into item select n, 'ada', 'item ' || n from generate_series(1, 60) n",
  );
  ids = (await clients.keysByShard("item", "id")).map(([first]) => first!);
});
afterEach(async () => {
  await Promise.all(opened.map((client) => client.end()));
  opened = [];
  await admin.query("rollback");
  // What a test has left, also one that has failed.
  const databases = "select datname from pg_database where datname not in ('postgres', 'template0', 'template1')";
  for (const name of new Set(Object.values(await clients.onShards(databases)).flat())) {
    await clients.leave(name);
    await admin.query(`drop database if exists "${name}" with (force)`);
  }
  const roles = "select rolname from pg_roles where rolname !~ '^(pg_|postgres$|shardgres$)'";
  for (const name of await rowsOf(admin, roles)) await runAll(admin, `drop owned by ${name}`, `drop role ${name}`);
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

async function open(user: string, password: string, database = "postgres"): Promise<pg.Client> {
  const client = await clients.open({ user, password, database });
  opened.push(client);
  return client;
}

const refused = { severity: "FATAL", code: "28P01" };
const denied = { code: "42501" };

describe("passwords", () => {
  test("the right one lets in; a wrong one, an empty one, none and an unknown role are refused alike", async () => {
    expect(await rowsOf(await open("postgres", "root's"), "select current_user")).toEqual(["postgres"]);
    await admin.query("create role silent login");
    for (const [user, password] of [
      ["postgres", "wrong"],
      ["postgres", "root's "],
      ["silent", "anything"],
      ["nobody_at_all", "anything"],
      ["shardgres", "wrong"],
    ] as const) {
      await expect(open(user, password)).rejects.toMatchObject({
        ...refused,
        message: `password authentication failed for user "${user}"`,
      });
    }
  });

  test.each([
    ["a plain one", "'plain'", "plain"],
    ["quotes", "'it''s'", "it's"],
    ["escapes", "E'back\\\\slash\\t\\u00e9'", "back\\slash\té"],
    ["dollar quotes", "$x$dollar'$$x$", "dollar'$"],
    ["letters of other scripts", "'пароль-密码-🔑'", "пароль-密码-🔑"],
    ["what SASLprep folds", "'\u{2168}\u{ad}a'", "IXa"],
    ["a long one", `'${"x".repeat(300)}'`, "x".repeat(300)],
  ])("CREATE ROLE works at once, on all shards, with %s", async (_, literal, password) => {
    await admin.query(`create role ada login connection limit 50 password ${literal} createdb`);
    const verifiers = await clients.onShards("select rolpassword from pg_authid where rolname = 'ada'");
    expect(verifiers.s1![0]).toMatch(/^SCRAM-SHA-256\$4096:/);
    expect(verifiers).toEqual(clients.everywhere(verifiers.s1![0]!));
    const client = await open("ada", password);
    expect(await rowsOf(client, "select current_user")).toEqual(["ada"]);
    await client.end();
  });

  test("ALTER ROLE changes it for new sessions; those that are open go on", async () => {
    await runAll(admin, "create role ada login password 'old'", "grant all on item to ada");
    const before = await open("ada", "old");
    await before.query(`select from item where id = ${ids[0]}`);
    await admin.query("alter role ada password 'new'");
    await expect(open("ada", "old")).rejects.toMatchObject(refused);
    const after = await open("ada", "new");
    for (const client of [before, after]) {
      expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
      for (const id of ids) await client.query(`update item set name = 'x' where id = ${id}`);
    }
    await admin.query("alter role ada password null");
    await expect(open("ada", "new")).rejects.toMatchObject(refused);
  });

  test("a rolled back CREATE ROLE has no effect, a committed one has", async () => {
    await runAll(admin, "begin", "create role ada login password 'a'", "rollback");
    await expect(open("ada", "a")).rejects.toMatchObject(refused);
    await runAll(admin, "begin", "create user ada", "alter user ada encrypted password 'a'", "commit");
    expect(await rowsOf(await open("ada", "a"), "select session_user")).toEqual(["ada"]);
  });

  test("who may not log in any more is refused, also while connections of his are open", async () => {
    await runAll(admin, "create role ada login password 'a'", "grant all on item to ada");
    const change: [string, string, object][] = [
      ["alter role ada nologin", "alter role ada login", { code: expect.stringMatching(/^28(000|P01)$/) }],
      ["alter role ada valid until '2001-01-01'", "alter role ada valid until 'infinity'", { code: "28P01" }],
    ];
    for (const [forbid, allow, error] of change) {
      const client = await open("ada", "a");
      await client.query("select count(*) from item");
      await admin.query(forbid);
      await expect(open("ada", "a"), forbid).rejects.toMatchObject({ severity: "FATAL", ...error });
      await admin.query(allow);
      expect(await rowsOf(await open("ada", "a"), "select 1")).toEqual(["1"]);
    }
    await runAll(admin, "drop owned by ada", "drop role ada");
    await expect(open("ada", "a")).rejects.toMatchObject(refused);
  });

  test("are seen in no log, no list of activity and no list of statements", async () => {
    const password = (number: number) => `hush-${number}-hush`;
    await admin.query(`create role ada login password '${password(1)}'`);
    await admin.query(`alter role ada password '${password(2)}'`);
    await admin.query({ name: "by-name", text: `alter role ada with password '${password(3)}'` });
    await admin.query(`select 1; alter user ada password $$${password(4)}$$; select 2`);
    const failures = [
      `create role ada login password '${password(5)}'`,
      `create role eve login password '${password(6)}' nonsense`,
      `create role eve login password '${password(7)}' in role nowhere`,
      `alter role nobody_at_all password '${password(8)}'`,
    ];
    for (const text of failures) await expect(admin.query(text)).rejects.toMatchObject({ severity: "ERROR" });
    await expect(open("ada", password(9))).rejects.toMatchObject(refused);
    await open("ada", password(4));
    const activity = await clients.onShards(
      "select query from pg_stat_activity where query like '%hush-%' and pid <> pg_backend_pid()",
    );
    expect(activity).toEqual(clients.everywhere());
    const logs = join(cluster.dataDir, "logs");
    const files = readdirSync(logs, { recursive: true, encoding: "utf8" });
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(readFileSync(join(logs, file), "utf8"), file).not.toContain("hush-");
  });
});

describe("privileges", () => {
  test("GRANT and REVOKE hold on every shard, for one row and for all of them", async () => {
    await admin.query("create role ada login password 'a'");
    const ada = await open("ada", "a");
    const reads = [
      "select count(*) from item",
      "select max(name) from item",
      ...ids.map((id) => `select from item where id = ${id}`),
    ];
    const writes = [
      "update item set name = name",
      "insert into item values (1001), (1002), (1003), (1004)",
      "delete from item where id > 1000",
      ...ids.map((id) => `update item set name = 'ada was here' where id = ${id}`),
    ];
    for (const text of [...reads, ...writes]) await expect(ada.query(text), text).rejects.toMatchObject(denied);
    await admin.query("grant select on item to ada");
    for (const text of reads) await ada.query(text);
    for (const text of writes) await expect(ada.query(text), text).rejects.toMatchObject(denied);
    await admin.query("grant all on item, code to ada");
    for (const text of [...reads, ...writes]) await ada.query(text);
    await ada.query("insert into code values (1)");
    expect(await clients.onShards("select count(*) from code")).toEqual(clients.everywhere("1"));
    await admin.query("revoke all on item, code from ada");
    for (const text of [...reads, ...writes]) await expect(ada.query(text), text).rejects.toMatchObject(denied);
    await admin.query("grant select (id), update (name) on item to ada");
    expect(await rowsOf(ada, "select count(id), sum(id) from item")).toEqual(["60|1830"]);
    await expect(ada.query("select * from item")).rejects.toMatchObject(denied);
    await ada.query(`update item set name = 'x' where id = ${ids[2]}`);
    await expect(ada.query(`update item set owner = 'x' where id = ${ids[2]}`)).rejects.toMatchObject(denied);
    await admin.query("truncate code");
  });

  test("membership, SET ROLE and default privileges work as on one server", async () => {
    await runAll(
      admin,
      "create role team",
      "create role ada login password 'a' in role team",
      "grant select on item to team",
      "alter default privileges in schema public grant select on tables to team",
      "create table later (id int primary key)",
    );
    const ada = await open("ada", "a");
    expect(await rowsOf(ada, "select count(*) from item")).toEqual(["60"]);
    expect(await rowsOf(ada, "select count(*) from later")).toEqual(["0"]);
    await ada.query("set role team");
    expect(await rowsOf(ada, "select current_user, session_user")).toEqual(["team|ada"]);
    await expect(ada.query("set role postgres")).rejects.toMatchObject(denied);
    await admin.query("revoke team from ada");
    await ada.query("reset role");
    await expect(ada.query("select count(*) from item")).rejects.toMatchObject(denied);
    await admin.query("drop table later");
  });

  test("SET LOCAL ROLE in a transaction over several shards leaves nothing prepared", async () => {
    await runAll(
      admin,
      "create role team",
      "create role ada login password 'a' in role team",
      "grant select, update on item to team",
    );
    const ada = await open("ada", "a");
    for (const set of ["set local role team", "set role team", "set local session authorization default"]) {
      await runAll(ada, "begin", set, ...(set.includes("role") ? [] : ["set local role team"]));
      for (const id of ids) await ada.query(`update item set name = '${set}' where id = ${id}`);
      await ada.query("commit");
      expect(await clients.onShards("select gid from pg_prepared_xacts")).toEqual(clients.everywhere());
      expect(await rowsOf(admin, "select count(*) from item where name = $1", [set])).toEqual(["3"]);
      await ada.query("reset role");
    }
  });

  test("settings of a role hold for its next session, whatever connections an earlier one has used", async () => {
    await runAll(admin, "create role ada login password 'a'", "grant select on item to ada");
    const before = await open("ada", "a");
    const setting = async (client: pg.Client) => {
      const seen: string[] = [];
      for (const id of ids) {
        seen.push(...(await rowsOf(client, `select current_setting('work_mem') from item where id = ${id}`)));
      }
      return [...new Set(seen)];
    };
    expect(await setting(before)).toEqual(["4MB"]);
    await admin.query("alter role ada set work_mem = '9MB'");
    const after = await open("ada", "a");
    expect(await setting(after)).toEqual(["9MB"]);
    await admin.query("alter role ada reset work_mem");
    expect(await setting(await open("ada", "a"))).toEqual(["4MB"]);
  });

  test("row security shows everybody his own rows of all shards", async () => {
    await runAll(
      admin,
      "create role ada login password 'a'",
      "create role bob login password 'b'",
      "create table note (id int primary key, owner text default current_user)",
      "select create_distributed_table('note', 'id')",
      "alter table note enable row level security",
      "create policy own on note using (owner = current_user)",
      "grant all on note to ada, bob",
      "insert into note select n, case when n % 3 = 0 then 'ada' else 'bob' end from generate_series(1, 60) n",
    );
    const [ada, bob] = [await open("ada", "a"), await open("bob", "b")];
    for (let round = 0; round < 3; round++) {
      expect(await rowsOf(ada, "select count(*) from note")).toEqual(["20"]);
      expect(await rowsOf(bob, "select count(*) from note")).toEqual(["40"]);
      expect(await rowsOf(ada, "select owner from note where id = $1", [4 + round])).toEqual(
        round === 2 ? ["ada"] : [],
      );
      expect(await rowsOf(bob, "select owner from note where id = $1", [4 + round])).toEqual(
        round === 2 ? [] : ["bob"],
      );
    }
    expect((await bob.query("delete from note")).rowCount).toBe(40);
    expect(await rowsOf(admin, "select count(*) from note")).toEqual(["20"]);
    await admin.query("drop table note");
  });

  test("who is no superuser makes tables, distributes his own, and commits over several shards", async () => {
    await runAll(admin, "create role ada login password 'a'", "create schema ada authorization ada");
    const ada = await open("ada", "a");
    await runAll(
      ada,
      "create table own (id int primary key, n int)",
      "select create_distributed_table('own', 'id')",
      "begin",
      "insert into own select n, n from generate_series(1, 30) n",
      "create table more (id int primary key)",
      "commit",
    );
    expect(await rowsOf(ada, "select sum(n) from own")).toEqual(["465"]);
    expect(await clients.onShards("select gid from pg_prepared_xacts")).toEqual(clients.everywhere());
    await expect(ada.query("select create_distributed_table('public.plain', 'n')")).rejects.toMatchObject(denied);
    await expect(ada.query("drop table item")).rejects.toMatchObject(denied);
    await expect(ada.query("delete from shardgres.tables")).rejects.toMatchObject(denied);
    await expect(ada.query("delete from shardgres.commits")).rejects.toMatchObject(denied);
    await expect(ada.query("create role eve")).rejects.toMatchObject(denied);
    await expect(ada.query("create database eve")).rejects.toMatchObject(denied);
  });
});

describe("databases", () => {
  const named = (name: string) => clients.onShards(`select datname from pg_database where datname = '${name}'`);

  test("a new one is on all shards, can be used like the first, and keeps its tables to itself", async () => {
    await admin.query("create database shop");
    expect(await named("shop")).toEqual(clients.everywhere("shop"));
    const shop = await open("postgres", "root's", "shop");
    await runAll(
      shop,
      "create table item (id int primary key, price int)",
      "select create_distributed_table('item', 'id')",
      "insert into item select n, n from generate_series(1, 30) n",
    );
    expect(await rowsOf(shop, "select current_database(), count(*), sum(price) from item")).toEqual(["shop|30|465"]);
    expect(await rowsOf(admin, "select current_database(), count(*) from item")).toEqual(["postgres|60"]);
    const onShards = await clients.onShards("select count(*) > 0 from item", "shop");
    expect(onShards).toEqual(clients.everywhere("t"));
    await runAll(shop, "begin", "update item set price = 0", "rollback");
    await clients.leave("shop");

    await expect(admin.query("drop database shop")).rejects.toMatchObject({ code: "55006" });
    expect(await named("shop")).toEqual(clients.everywhere("shop"));
    expect(await rowsOf(shop, "select sum(price) from item")).toEqual(["465"]);
    await shop.end();
    await admin.query("drop database shop");
    expect(await named("shop")).toEqual(clients.everywhere());
    await expect(open("postgres", "root's", "shop")).rejects.toMatchObject({ code: "3D000" });

    await admin.query("create database shop");
    const again = await open("postgres", "root's", "shop");
    await expect(again.query("select from item")).rejects.toMatchObject({ code: "42P01" });
    await again.query("create table item (id int primary key)");
    await again.end();
    await admin.query("drop database shop with (force)");
    expect(await named("shop")).toEqual(clients.everywhere());
  });

  test.each(["s1", "s2", "s3"])("one that only %s has already is made nowhere, and stays there", async (name) => {
    const shard = await clients.shard(name);
    await shard.query("create database odd");
    await expect(admin.query("create database odd")).rejects.toMatchObject({ code: "42P04" });
    expect(await named("odd")).toEqual({ ...clients.everywhere(), [name]: ["odd"] });
    await shard.query("drop database odd");
  });

  // PostgreSQL waits for five seconds for others to leave: the shard that is asked last is the hardest case.
  test("one that is in use on one shard is dropped nowhere", async () => {
    await admin.query("create database busy");
    await clients.shard("s3", "busy");
    await expect(admin.query("drop database busy")).rejects.toMatchObject({ code: "55006" });
    const left = await named("busy");
    await clients.leave("busy");
    await admin.query("drop database if exists busy");
    expect(left).toEqual(clients.everywhere("busy"));
    expect(await named("busy")).toEqual(clients.everywhere());
  });

  test("names are quoted, options and owners are kept, and a database can be renamed", async () => {
    await admin.query("create role ada login password 'a'");
    await admin.query(`create database "My Shop" owner ada connection limit 20`);
    const mine = await open("ada", "a", "My Shop");
    await runAll(mine, "create table t (n int)", "insert into t values (1)");
    expect(await rowsOf(mine, "select n, current_database() from t")).toEqual(["1|My Shop"]);
    await mine.end();
    await admin.query('alter database "My Shop" rename to shop');
    const renamed = await open("ada", "a", "shop");
    expect(await rowsOf(renamed, "select n, current_database() from t")).toEqual(["1|shop"]);
    await renamed.end();
    await expect(open("ada", "a", "My Shop")).rejects.toMatchObject({ code: "3D000" });
    await admin.query("alter database shop set work_mem = '9MB'");
    expect(await rowsOf(await open("ada", "a", "shop"), "show work_mem")).toEqual(["9MB"]);
  });

  test("who may not connect to a database is refused, also while connections of his are open", async () => {
    await runAll(admin, "create role ada login password 'a'", "create database closed");
    await (await open("ada", "a", "closed")).query("select 1");
    await admin.query("revoke connect on database closed from public");
    await expect(open("ada", "a", "closed")).rejects.toMatchObject({ severity: "FATAL", ...denied });
  });

  test("errors are PostgreSQL's", async () => {
    await expect(admin.query("create database postgres")).rejects.toMatchObject({ code: "42P04" });
    await expect(admin.query("drop database nowhere")).rejects.toMatchObject({ code: "3D000" });
    await expect(admin.query("drop database postgres")).rejects.toMatchObject({ code: "55006" });
    await expect(admin.query("create database d owner nobody_at_all")).rejects.toMatchObject({ code: "42704" });
    await expect(admin.query("create database d template nowhere")).rejects.toMatchObject({ code: "3D000" });
    await admin.query("drop database if exists nowhere");
    expect(await rowsOf(admin, "select count(*) from item")).toEqual(["60"]);
  });
});
