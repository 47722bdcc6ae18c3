// PREPARE TRANSACTION by clients: the answers of one PostgreSQL, over three shards; ended by whomever, whatever has died, as
// a whole.
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AdminConnections } from "../../src/pool/admin-connections.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName, Topology } from "../../src/topology/snapshot.ts";
import { clientOriginOf, clientPartGid } from "../../src/transaction/client-prepared.ts";
import { recordCommitSql } from "../../src/transaction/commit-record.ts";
import { tidyClientOrigins } from "../../src/transaction/tidy-client-origins.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { processesIn } from "../support/launch.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { type ResolverContext, resolveOnce } from "../support/resolve-once.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;
let other: pg.Client;
let plain: PostgresServer;
let topology: Topology;
let admin: AdminConnections;
let context: ResolverContext;
/** A key of `account` on each shard; s1 is home. */
let [a, b, c]: number[] = [];

const home = "s1" as ShardName;
const tables = [
  "create table account (id int primary key, balance int not null)",
  "create table ranked (id int, place int, unique (id, place) deferrable initially deferred)",
  "create table journal (entry text)",
  "create role teller login",
  "create role guard login",
  "grant all on account, ranked, journal to teller, guard",
];

beforeAll(async () => {
  [cluster, plain] = await Promise.all([
    startCluster({ shards: 3 }),
    startPostgres({ settings: { max_prepared_transactions: "200" } }),
  ]);
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
  other = await clients.open();
  await runAll(client, ...tables);
  await runAll(client, "select create_distributed_table('account', 'id')");
  await runAll(client, "select create_distributed_table('ranked', 'id')");
  await client.query("insert into account select n, 100 from generate_series(1, 30) n");
  [[a], [b], [c]] = (await clients.keysByShard("account", "id")) as [number[], number[], number[]];
  const oracle = await plainClient();
  await runAll(oracle, ...tables, "insert into account select n, 100 from generate_series(1, 30) n");
  await oracle.end();
  topology = await readTopology(localStore(`${cluster.dataDir}/topology`));
  admin = new AdminConnections(() => topology, cluster.adminPassword, "test");
  const { clusterId } = topology;
  const shards = [...topology.shards.keys()];
  context = { clusterId, shards, ask: admin.query };
  // The cluster's own controller keeps out of it.
  signalController("SIGSTOP");
});
beforeEach(async () => {
  await runAll(client, "rollback", "update account set balance = 100 where balance <> 100");
});
afterEach(async () => {
  await client.query("rollback");
  await other.query("rollback");
  // A test that has failed leaves nothing to the next one.
  for (const gid of await rowsOf(client, "select gid from pg_prepared_xacts where gid not like 'sg%'")) {
    await client.query(`rollback prepared '${gid}'`);
  }
});
afterAll(async () => {
  await admin?.close();
  await clients?.end();
  await cluster?.stop();
  await plain?.stop();
});

function signalController(signal: "SIGSTOP" | "SIGCONT"): void {
  for (const [pid, command] of processesIn(cluster.dataDir)) {
    if (command.includes("controller/main.ts")) process.kill(pid, signal);
  }
}

async function plainClient(): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: plain.connectionString });
  await session.connect();
  return session;
}

const setBalance = (id: number | undefined, balance: number) =>
  `update account set balance = ${balance} where id = ${id}`;
const changed = "select count(*) from account where balance <> 100";
const preparedHere = "select gid from pg_prepared_xacts";
const everywhere = () => [setBalance(a, 1), setBalance(b, 1), setBalance(c, 1)];
const changedOnShards = () => clients.onShards(changed);

async function prepare(gid: string, ...statements: string[]): Promise<void> {
  await runAll(client, "begin", ...(statements.length > 0 ? statements : everywhere()), `prepare transaction '${gid}'`);
}

async function nothingIsLeft(): Promise<void> {
  expect(await clients.onShards(preparedHere)).toEqual(clients.everywhere());
}

const openOrigins =
  "select origin from shardgres.origins where starts_with(origin, 'c-') and closed = 0 order by origin";

describe("the answers are those of one PostgreSQL", () => {
  /** Everything that a client gets to see of each statement; `@2 ` before one: by the second session. */
  async function story(open: () => Promise<pg.Client>, statements: readonly string[]): Promise<unknown[]> {
    const sessions = [await open(), await open()];
    const seen: unknown[] = [];
    for (const session of sessions) {
      session.on("notice", ({ severity, code, message }) => seen.push({ severity, code, message }));
    }
    for (const statement of statements) {
      const [session, sql] = statement.startsWith("@2 ")
        ? [sessions[1]!, statement.slice(3)]
        : [sessions[0]!, statement];
      try {
        const results = [await session.query({ text: sql, rowMode: "array" })].flat();
        seen.push(...results.map(({ command, rows }) => [sql, command, rows]));
      } catch (error) {
        const { severity, code, message, detail, hint } = error as pg.DatabaseError;
        seen.push([sql, { severity, code, message, detail, hint }]);
      }
    }
    await Promise.all(sessions.map((session) => session.end()));
    return seen;
  }

  const three = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) => `update account set balance = 7 where id = ${id}`);
  const stories: Record<string, readonly string[]> = {
    "prepared by one session, committed by another": [
      "begin",
      ...three,
      "prepare transaction 'x'",
      "select gid, owner, database from pg_prepared_xacts",
      "select count(*) from account where balance = 7",
      "@2 commit prepared 'x'",
      "select count(*) from account where balance = 7",
      "select gid from pg_prepared_xacts",
      "commit prepared 'x'",
    ],
    "rolled back": [
      "begin",
      ...three,
      "prepare transaction 'x'",
      "rollback prepared 'x'",
      "select count(*) from account where balance <> 100",
      "rollback prepared 'x'",
    ],
    "outside of a block": [
      "prepare transaction 'x'",
      "commit prepared 'x'",
      "insert into account values (100, 1), (101, 1); prepare transaction 'x'; select 1",
      "rollback prepared 'x'",
      "begin; insert into account values (100, 1), (101, 1); prepare transaction 'y'; select 2",
      "rollback prepared 'y'",
    ],
    "inside of a block": [
      "begin",
      "commit prepared 'x'",
      "commit prepared 'x'",
      "rollback",
      "begin",
      "rollback prepared 'x'",
      "rollback",
      "select 1; commit prepared 'x'",
      "rollback prepared 'x'; select 1",
    ],
    "names that are taken, too long, empty, or odd": [
      "begin",
      ...three,
      "prepare transaction 'x'",
      "begin",
      "insert into account values (100, 1), (101, 1), (102, 1), (103, 1)",
      "prepare transaction 'x'",
      "select count(*) from account where id > 99",
      "begin",
      "insert into account values (100, 1), (101, 1), (102, 1), (103, 1)",
      `prepare transaction '${"n".repeat(200)}'`,
      "select count(*) from account where id > 99",
      "begin",
      "insert into account values (100, 1), (101, 1), (102, 1), (103, 1)",
      `prepare transaction '${"n".repeat(199)}'`,
      `rollback prepared '${"n".repeat(199)}'`,
      "begin",
      "insert into account values (100, 1), (101, 1), (102, 1), (103, 1)",
      "prepare transaction ''",
      "rollback prepared ''",
      "begin",
      "insert into account values (100, 1), (101, 1), (102, 1), (103, 1)",
      "prepare transaction E'it\\'s\\\\'",
      "select gid from pg_prepared_xacts order by gid",
      "rollback prepared E'it\\'s\\\\'",
      "rollback prepared 'x'",
    ],
    "a transaction that has failed": [
      "begin",
      "selec",
      "prepare transaction 'x'",
      "rollback prepared 'x'",
      "begin",
      ...three,
      "select 1 / 0",
      "prepare transaction 'x'",
      "select count(*) from account where balance = 7",
    ],
    "a deferred constraint that fails": [
      "begin",
      ...three,
      "insert into ranked values (3, 1), (3, 1)",
      "prepare transaction 'x'",
      "select count(*) from account where balance = 7",
      "commit prepared 'x'",
    ],
    "what cannot be prepared": [
      "begin",
      "listen news",
      "prepare transaction 'x'",
      "begin",
      "notify news",
      "prepare transaction 'x'",
      "begin",
      ...three,
      "create temporary table short (n int)",
      "prepare transaction 'x'",
      "select count(*) from account where balance = 7",
    ],
    "savepoints and settings": [
      "begin",
      "savepoint s",
      "update account set balance = 6 where id = 1",
      "rollback to s",
      ...three,
      "set work_mem = '7MB'",
      "set local temp_buffers = '1MB'",
      "prepare transaction 'x'",
      "show work_mem",
      "show temp_buffers",
      "rollback prepared 'x'",
      "show work_mem",
    ],
    "nothing done, or only read": [
      "begin",
      "prepare transaction 'x'",
      "commit prepared 'x'",
      "begin read only",
      "select count(*) from account",
      "prepare transaction 'x'",
      "select gid from pg_prepared_xacts",
      "commit prepared 'x'",
    ],
    "roles: the one who has prepared it, or a superuser": [
      "begin",
      "set local role teller",
      ...three,
      "prepare transaction 'x'",
      "select current_user",
      "select gid, owner from pg_prepared_xacts",
      "@2 set role guard",
      "@2 commit prepared 'x'",
      "@2 rollback prepared 'x'",
      "@2 set role teller",
      "@2 rollback prepared 'x'",
      "set role teller",
      "begin",
      ...three,
      "prepare transaction 'x'",
      "@2 reset role",
      "@2 commit prepared 'x'",
      "reset role",
      "select count(*) from account where balance = 7",
    ],
    "locks are held meanwhile": [
      "begin",
      ...three,
      "prepare transaction 'x'",
      "set lock_timeout = '50ms'",
      "@2 set lock_timeout = '50ms'",
      "@2 commit prepared 'x'",
      "update account set balance = 8 where id = 3",
    ],
  };

  test.each(Object.entries(stories))("%s", async (_, statements) => {
    const reset = "update account set balance = 100 where balance <> 100";
    const [own, expected] = [
      await story(() => clients.open(), [...statements, reset]),
      await story(plainClient, [...statements, reset]),
    ];
    expect(own).toEqual(expected);
    await nothingIsLeft();
  });

  test("another database: there it cannot be ended, and its name is taken", async () => {
    for (const [open, owner] of [
      [(database: string) => clients.open({ database }), client],
      [openPlain, await openPlain("postgres")],
    ] as const) {
      await owner.query("create database elsewhere");
      const elsewhere = await open("elsewhere");
      await runAll(owner, "begin", ...everywhere(), "prepare transaction 'x'");
      await expect(elsewhere.query("commit prepared 'x'")).rejects.toMatchObject({
        code: "0A000",
        message: "prepared transaction belongs to another database",
      });
      await elsewhere.query("begin");
      await expect(elsewhere.query("prepare transaction 'x'")).rejects.toMatchObject({ code: "42710" });
      await elsewhere.end();
      await owner.query("rollback prepared 'x'");
      await owner.query("drop database elsewhere");
      if (owner !== client) await owner.end();
    }
    await nothingIsLeft();
  });

  async function openPlain(database: string): Promise<pg.Client> {
    const { host, port } = plain;
    const session = new pg.Client({ host, port, user: "postgres", database });
    await session.connect();
    return session;
  }

  test("the extended protocol", async () => {
    const text = (sql: string) => ({ text: sql, name: sql });
    for (const sql of ["begin", ...everywhere(), "prepare transaction 'x'"]) await client.query(text(sql));
    expect(await client.query(text("commit prepared 'x'"))).toMatchObject({ command: "COMMIT" });
    await expect(client.query(text("commit prepared 'x'"))).rejects.toMatchObject({ code: "42704" });
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
  });

  test("a shard that has no place for one more refuses, and nothing is prepared anywhere", async () => {
    const full = await clients.shard("s2");
    const names = Array.from({ length: 200 }, (_, n) => `full ${n}`);
    for (const name of names) await full.query(`begin; prepare transaction '${name}'`);
    await expect(prepare("x")).rejects.toMatchObject({
      code: "53200",
      message: "maximum number of prepared transactions reached",
      hint: 'Increase "max_prepared_transactions" (currently 200).',
    });
    for (const name of names) await full.query(`rollback prepared '${name}'`);
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
    await nothingIsLeft();
  });
});

describe("what is refused", () => {
  test("names of the gateway's own form", async () => {
    const gid = `sg_${topology.clusterId}_g1_1_1_s1`;
    await expect(prepare(gid)).rejects.toMatchObject({ code: "22023", message: expect.stringMatching(/\[SG087\]$/) });
    for (const command of ["commit prepared", "rollback prepared"]) {
      await expect(client.query(`${command} '${gid}'`)).rejects.toMatchObject({ code: "22023" });
    }
    await nothingIsLeft();
    await prepare("sg_other_g1_1_1_s1");
    await client.query("commit prepared 'sg_other_g1_1_1_s1'");
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
  });

  test("a transaction that has distributed a table", async () => {
    await runAll(client, "create table moving (n int)", "begin", "select create_distributed_table('moving', 'n')");
    await expect(client.query("prepare transaction 'x'")).rejects.toMatchObject({
      code: "0A000",
      message: expect.stringMatching(/\[SG088\]$/),
    });
    expect(await rowsOf(client, "select count(*) from moving")).toEqual(["0"]);
    await nothingIsLeft();
    await client.query("drop table moving");
  });

  test("the functions behind it", async () => {
    await client.query("set role teller");
    for (const call of ["decide_unless_prepared('sg_x_c-1_1_1_s1')", "forget_client_transactions('{}', '0')"]) {
      await expect(client.query(`select shardgres.${call}`)).rejects.toMatchObject({ code: "42501" });
    }
    await client.query("reset role");
  });
});

describe("parts", () => {
  test("the client's name is at home only; every writing shard has a part, with the record of the commit", async () => {
    await prepare("x", setBalance(b, 1), setBalance(c, 1));
    const parts = await clients.onShards(preparedHere);
    expect(parts.s1).toEqual(["x"]);
    expect(parts.s2).toEqual(parts.s3);
    expect(parts.s2).toEqual([expect.stringMatching(/^sg_.*_c-\d+_[0-9a-z]+_1_s1$/)]);
    await other.query("commit prepared 'x'");
    const record = `select outcome, participants from shardgres.commits where gid = '${parts.s2![0]}'`;
    expect(await clients.onShards(record)).toEqual(clients.everywhere("committed|{s1,s2,s3}"));
    await nothingIsLeft();
    await eventually(async () => Object.values(await clients.onShards(openOrigins)).flat().length === 0);
  });

  test("SHOW shardgres.transactions says of every part that a client has prepared it", async () => {
    await prepare("shown");
    const { rows } = await client.query<{ gid: string; state: string }>("show shardgres.transactions");
    expect(rows.map(({ state }) => state)).toEqual(["prepared", "prepared"]);
    expect(rows.map(({ gid }) => gid)).toContain("shown");
    await client.query("commit prepared 'shown'");
    await nothingIsLeft();
    expect((await client.query("show shardgres.transactions")).rows).toEqual([]);
  });

  test("a transaction of the home shard alone has no other part and no record", async () => {
    const records = "select count(*) from shardgres.commits";
    const before = await clients.onShards(records);
    await prepare("x", "insert into journal values ('x')", `select from account where id = ${b}`);
    expect(await clients.onShards(preparedHere)).toEqual({ s1: ["x"], s2: [], s3: [] });
    await other.query("commit prepared 'x'");
    expect(await rowsOf(client, "delete from journal returning entry")).toEqual(["x"]);
    expect(await clients.onShards(records)).toEqual(before);
  });

  test("readers see all of it or nothing, in the midst of many", async () => {
    const reader = await clients.open();
    let isDone = false;
    const reading = (async () => {
      const sums = new Set<string>();
      let reads = 0;
      for (; !isDone || reads === 0; reads++) {
        for (const sum of await rowsOf(reader, "select sum(balance) from account")) sums.add(sum);
      }
      return sums;
    })();
    for (let round = 0; round < 20; round++) {
      const [from, to] = [
        [a, b],
        [b, c],
        [c, a],
      ][round % 3]!;
      await prepare(
        "x",
        `update account set balance = balance - 1 where id = ${from}`,
        `update account set balance = balance + 1 where id = ${to}`,
      );
      await other.query(`${round % 4 === 3 ? "rollback" : "commit"} prepared 'x'`);
    }
    isDone = true;
    expect([...(await reading)]).toEqual(["3000"]);
    await reader.end();
  });

  test("a session that does not wait for the disk stays so, and others stay as they are", async () => {
    const lax = await clients.open();
    await lax.query("set synchronous_commit = off");
    await prepare("x");
    await lax.query("commit prepared 'x'");
    expect(await rowsOf(lax, "show synchronous_commit")).toEqual(["off"]);
    expect(await rowsOf(other, "show synchronous_commit")).toEqual(["on"]);
    await lax.end();
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
  });
});

describe("DDL", () => {
  test("is seen by everybody once it is committed, and not before", async () => {
    await prepare("x", "create table later (n int)", "insert into later values (1)", setBalance(b, 1));
    await expect(other.query("select n from later")).rejects.toMatchObject({ code: "42P01" });
    const listener = await admin.connect(home, "postgres");
    let heard = 0;
    listener.on("notification", () => heard++);
    await listener.query("listen shardgres_catalog");
    await other.query("commit prepared 'x'");
    expect(await rowsOf(client, "select n from later")).toEqual(["1"]);
    await eventually(() => heard > 0);
    await listener.end();
    expect(await clients.onShards("select to_regclass('public.later')")).toEqual(clients.everywhere("later"));
    await client.query("select create_distributed_table('later', 'n')");
    await client.query("drop table later");
    await nothingIsLeft();
  });

  test("rolled back, it has never been", async () => {
    await prepare("x", "create table never (n int)");
    await client.query("rollback prepared 'x'");
    expect(await clients.onShards("select to_regclass('public.never')")).toEqual(clients.everywhere("null"));
    await nothingIsLeft();
  });

  test("a plain COMMIT still tells all gateways", async () => {
    const listener = await admin.connect(home, "postgres");
    let heard = 0;
    listener.on("notification", () => heard++);
    await listener.query("listen shardgres_catalog");
    await runAll(client, "create table told (n int)", "begin", setBalance(b, 1), "drop table told", "commit");
    await eventually(() => heard >= 2);
    await listener.end();
  });

  test("a role that is changed in it is changed for the next statement", async () => {
    await prepare("x", "alter role teller set work_mem = '9MB'");
    const before = await clients.open({ user: "teller" });
    expect(await rowsOf(before, "show work_mem")).toEqual(["4MB"]);
    await client.query("commit prepared 'x'");
    const after = await clients.open({ user: "teller" });
    expect(await rowsOf(after, "show work_mem")).toEqual(["9MB"]);
    await Promise.all([before.end(), after.end()]);
    await client.query("alter role teller reset all");
  });
});

describe("whatever dies", () => {
  const pass = () => resolveOnce(context);
  const tidy = () =>
    tidyClientOrigins({ ...context, home, database: "postgres", silentSeconds: 0, keepSeconds: 3_600 });

  /** What a gateway has done when it is killed behind some message, done by hand. */
  async function half(steps: {
    readonly preparedOn: readonly string[];
    readonly home: "none" | "prepared" | "committed";
  }) {
    const secret = (await rowsOf(await clients.shard("s1"), "select secret from shardgres.cluster_secret"))[0]!;
    const atHome = await admin.connect(home, "postgres");
    await runAll(atHome, "begin", setBalance(a, 1));
    const xid = (await rowsOf(atHome, "select pg_current_xact_id()::xid"))[0]!;
    const origin = clientOriginOf(xid, Date.now());
    const gid = clientPartGid(topology.clusterId, origin, home);
    const record = recordCommitSql(gid, ["s1", ...steps.preparedOn] as ShardName[], secret);
    for (const shard of clients.shardNames) {
      await (await clients.shard(shard)).query("select shardgres.announce($1, 0)", [origin]);
    }
    for (const shard of steps.preparedOn) {
      const session = await admin.connect(shard as ShardName, "postgres");
      await runAll(session, "begin", setBalance(shard === "s2" ? b : c, 1), record, `prepare transaction '${gid}'`);
      await session.end();
    }
    if (steps.home === "none") {
      await atHome.end();
      return;
    }
    await runAll(atHome, record, "prepare transaction 'half'");
    if (steps.home === "committed") await atHome.query("commit prepared 'half'");
    await atHome.end();
  }

  async function isTidied(): Promise<void> {
    await tidy();
    expect(await clients.onShards(openOrigins)).toEqual(clients.everywhere());
  }

  test.each([[[]], [["s2"]], [["s2", "s3"]]])(
    "before home was prepared, with parts on %j: rolled back",
    async (parts) => {
      await half({ preparedOn: parts, home: "none" });
      await expect(client.query("commit prepared 'half'")).rejects.toMatchObject({ code: "42704" });
      await pass();
      await nothingIsLeft();
      expect(await changedOnShards()).toEqual(clients.everywhere("0"));
      await isTidied();
    },
  );

  test("prepared: nobody touches it, and any session ends it", async () => {
    for (const command of ["commit", "rollback"]) {
      await half({ preparedOn: ["s2", "s3"], home: "prepared" });
      expect(await pass()).toEqual([]);
      await tidy();
      expect(await clients.onShards("select count(*) from pg_prepared_xacts")).toEqual(clients.everywhere("1"));
      expect((await clients.onShards(openOrigins)).s1).toHaveLength(1);
      await other.query(`${command} prepared 'half'`);
      await nothingIsLeft();
      expect(await changedOnShards()).toEqual(clients.everywhere(command === "commit" ? "1" : "0"));
      await eventually(async () => Object.values(await clients.onShards(openOrigins)).flat().length === 0);
      await client.query("update account set balance = 100 where balance <> 100");
    }
  });

  test("within COMMIT PREPARED, after home: the rest is committed", async () => {
    await half({ preparedOn: ["s2", "s3"], home: "committed" });
    expect((await pass()).map(({ outcome }) => outcome)).toEqual(["committed", "committed"]);
    await nothingIsLeft();
    expect(await changedOnShards()).toEqual(clients.everywhere("1"));
    await isTidied();
  });

  test("within COMMIT PREPARED, after home: a reader who comes upon it completes it", async () => {
    await half({ preparedOn: ["s2", "s3"], home: "committed" });
    expect(await rowsOf(other, changed)).toEqual(["3"]);
    await eventually(async () => Object.values(await clients.onShards(preparedHere)).flat().length === 0);
    await isTidied();
  });

  test("a gateway that was only slow cannot prepare what has been given up", async () => {
    const shard = await clients.shard("s2");
    await shard.query("begin");
    await shard.query(`select from account where id = ${b} for update`);
    await runAll(client, "begin", setBalance(a, 1), setBalance(c, 1));
    // Its part on s2 waits for the lock.
    const waiting = client.query(setBalance(b, 1));
    await shard.query("rollback");
    await waiting;
    // The record at home is written by somebody who takes his time.
    const homeShard = await clients.shard("s1");
    await homeShard.query("begin");
    await homeShard.query("lock table shardgres.commits in access exclusive mode");
    const preparing = expect(client.query("prepare transaction 'slow'")).rejects.toMatchObject({ code: "40001" });
    const part = await eventually(async () => (await rowsOf(shard, preparedHere))[0]);
    await homeShard.query("select shardgres.decide($1)", [part]);
    await homeShard.query("commit");
    await preparing;
    await nothingIsLeft();
    expect(await changedOnShards()).toEqual(clients.everywhere("0"));
  });

  test("the resolver does not wait for home's part while it is being prepared", async () => {
    const secret = (await rowsOf(await clients.shard("s1"), "select secret from shardgres.cluster_secret"))[0]!;
    const atHome = await admin.connect(home, "postgres");
    const gid = clientPartGid(topology.clusterId, clientOriginOf("1", Date.now()), home);
    await runAll(atHome, "begin", recordCommitSql(gid, [home], secret));
    const asked = await rowsOf(await clients.shard("s1"), "select shardgres.decide_unless_prepared($1)", [gid]);
    expect(asked).toEqual(["in progress"]);
    await atHome.query("rollback");
    await atHome.end();
  });

  test("closed origins and their records are forgotten after a while, in-doubt ones never", async () => {
    await prepare("x");
    await other.query("commit prepared 'x'");
    await eventually(async () => Object.values(await clients.onShards(openOrigins)).flat().length === 0);
    await prepare("y");
    const counted = `select (select count(*) from shardgres.origins where starts_with(origin, 'c-')),
      (select count(*) from shardgres.commits where starts_with(origin, 'c-'))`;
    const before = await clients.onShards(counted);
    await tidy();
    expect(await clients.onShards(counted)).toEqual(before);
    for (const shard of clients.shardNames) {
      await (await clients.shard(shard)).query(
        "update shardgres.origins set announced_at = now() - interval '2 hours'",
      );
    }
    await tidy();
    expect(await clients.onShards(counted)).toEqual(clients.everywhere("1|0"));
    await other.query("rollback prepared 'y'");
  });

  test("the controller does it by itself, and leaves what clients have prepared", async () => {
    await prepare("mine", setBalance(a! + 1_000, 1), "update account set balance = 2 where balance = 0");
    await half({ preparedOn: ["s2"], home: "none" });
    await half({ preparedOn: ["s3"], home: "committed" });
    const before = (await clients.onShards(preparedHere)).s1;
    signalController("SIGCONT");
    await eventually(async () => {
      const { s2, s3 } = await clients.onShards(preparedHere);
      return [...s2!, ...s3!].length === 2;
    });
    expect((await clients.onShards(preparedHere)).s1).toEqual(before);
    signalController("SIGSTOP");
    await other.query("commit prepared 'mine'");
    await nothingIsLeft();
    expect(await changedOnShards()).toEqual({ s1: ["1"], s2: ["0"], s3: ["1"] });
  });

  test("shards, too: what was prepared is there after a restart of all of them", async () => {
    const started = "select pg_postmaster_start_time()";
    await prepare("x");
    const before = await clients.onShards(started);
    for (const shard of clients.shardNames) {
      const [file] = await rowsOf(await clients.shard(shard), "select pg_read_file('postmaster.pid')");
      process.kill(Number.parseInt(file!, 10), "SIGQUIT");
    }
    for (const shard of clients.shardNames) {
      await eventually(async () => {
        const [[now] = []] = await admin.query(shard as ShardName, "postgres", started);
        return now !== undefined && now !== before[shard]![0];
      });
    }
    const fresh = await eventually(() => clients.open());
    const seen = await eventually(() => rowsOf(fresh, "select gid from pg_prepared_xacts"));
    expect(seen).toEqual(["x"]);
    expect(await eventually(() => rowsOf(fresh, changed))).toEqual(["0"]);
    await fresh.query("commit prepared 'x'");
    expect(await rowsOf(fresh, changed)).toEqual(["3"]);
    await fresh.query("update account set balance = 100 where balance <> 100");
  });
});
