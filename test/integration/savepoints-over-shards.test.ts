// Savepoints over shards that join before, between and after them: statement by statement as on one PostgreSQL. And what
// a failed transaction holds: no locks but those from before its last savepoint.
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { type Line, SideBySide } from "../support/side-by-side.ts";

let both: SideBySide;
let client: pg.Client;
let other: pg.Client;
/** Keys of `account` on each shard. */
let [a1, a2, b1, b2, c1, c2]: number[] = [];

beforeAll(async () => {
  both = await SideBySide.start(
    3,
    [
      "create table account (id int primary key, balance int not null check (balance >= 0))",
      "insert into account select n, 100 from generate_series(1, 60) n",
      "create table ranked (id int, place int, unique (id, place) deferrable initially deferred)",
    ],
    ["select create_distributed_table('account', 'id')", "select create_distributed_table('ranked', 'id')"],
  );
  [[a1, a2], [b1, b2], [c1, c2]] = (await both.clients.keysByShard("account", "id")) as [number[], number[], number[]];
  [client, other] = [await both.clients.open(), await both.clients.open({ options: "-c lock_timeout=30s" })];
});
afterAll(async () => {
  await both?.stop();
});

const set = (id: number | undefined, balance: number) => `update account set balance = ${balance} where id = ${id}`;
const all = "select id, balance from account where balance <> 100 order by id";
/** Breaks the deferred constraint of `ranked`. */
const twice = (id: number | undefined) => `insert into ranked values (${id}, 1), (${id}, 1)`;
const taken = (id: number | undefined) => `insert into account values (${id}, 1)`;

describe("as on one PostgreSQL:", () => {
  const cases: [string, () => Line[]][] = [
    [
      "shards that join before, between and after nested savepoints",
      () => [
        "savepoint one",
        set(a1, 1),
        "savepoint two",
        set(b1, 2),
        "savepoint three",
        set(c1, 3),
        set(a2, 4),
        "rollback to three",
        all,
        set(c2, 5),
        "rollback to two",
        all,
        set(b2, 6),
        "rollback to one",
        all,
        set(c1, 7),
      ],
    ],
    [
      "a savepoint within one that is released",
      () => [
        "savepoint one",
        set(a1, 1),
        "savepoint two",
        set(b1, 2),
        "release two",
        set(c1, 3),
        "rollback to one",
        all,
      ],
    ],
    [
      "the same name twice",
      () => [
        "savepoint s",
        set(a1, 1),
        "savepoint s",
        set(b1, 2),
        "savepoint s",
        set(c1, 3),
        "rollback to s",
        all,
        "release s",
        "rollback to s",
        all,
        "release s",
        "release s",
        "release s",
      ],
    ],
    [
      "an error on one of several shards, and what comes before its savepoint",
      () => [
        set(a1, 1),
        "savepoint s",
        set(b1, 2),
        taken(c1),
        all,
        "savepoint t",
        "rollback to t",
        "rollback to s",
        all,
        set(c1, 3),
        taken(a1),
        "rollback to s",
        all,
      ],
    ],
    [
      "an error of a statement over all shards",
      () => [set(b1, 5), "savepoint s", "update account set balance = balance - 50", "rollback to s", all],
    ],
    [
      "errors within nested savepoints, and going back further than to the last one",
      () => [
        "savepoint one",
        set(a1, 1),
        "savepoint two",
        set(b1, 2),
        taken(c1),
        "rollback to one",
        all,
        "rollback to two",
        "rollback to one",
        all,
      ],
    ],
    [
      "an error before any savepoint",
      () => [set(a1, 1), set(b1, 2), taken(c1), "savepoint s", "rollback to s", "release s", "select 1"],
    ],
    [
      "settings",
      () => [
        "set local work_mem = '7MB'",
        "savepoint one",
        "set work_mem = '8MB'",
        set(a1, 1),
        "savepoint two",
        "set local work_mem = '9MB'",
        `select current_setting('work_mem') from account where id = ${b1}`,
        "rollback to two",
        `select current_setting('work_mem') from account where id = ${c1}`,
        `select current_setting('work_mem') from account where id = ${b1}`,
        taken(a1),
        "rollback to one",
        `select current_setting('work_mem') from account where id = ${a1}`,
        "set local work_mem to default",
        `select current_setting('work_mem') from account where id = ${b2}`,
        "show work_mem",
      ],
    ],
    [
      "DDL",
      () => [
        "create table early (n int)",
        "savepoint s",
        "create table late (n int)",
        "insert into late values (1)",
        "alter table account add column more int default 7",
        `select * from account where id = ${b1}`,
        taken(c1),
        "rollback to s",
        `select * from account where id = ${b1}`,
        "insert into early values (2)",
        "savepoint t",
        "drop table early",
        "rollback to t",
        "select * from early",
        "drop table early",
      ],
    ],
    ...[0, 1, 2].map((place): [string, () => Line[]] => [
      `a deferred constraint that is violated on writing shard ${place}`,
      () => [set(a1, 1), set(b1, 2), set(c1, 3), twice([a1, b1, c1][place])],
    ]),
    [
      "a deferred constraint that is violated within a savepoint",
      () => [set(a1, 1), "savepoint s", twice(b1), "release s", set(c1, 2)],
    ],
    [
      "a violation that is taken back",
      () => [set(a1, 1), "savepoint s", twice(b1), "rollback to s", set(c1, 2), `insert into ranked values (${b1}, 2)`],
    ],
    [
      "constraints that become immediate, now and on shards that join later",
      () => [
        set(a1, 1),
        "savepoint s",
        twice(b1),
        "set constraints all immediate",
        "rollback to s",
        "set constraints all immediate",
        twice(c1),
        "rollback to s",
        twice(c1),
      ],
    ],
    [
      "a savepoint that no shard has seen",
      () => ["savepoint s", "select 1/0", "rollback to s", "select 1/0", "rollback to s", set(c1, 1), all],
    ],
  ];
  test.each(cases)("%s", async (_, lines) => {
    for (const end of ["commit", "rollback"]) {
      const after = [
        all,
        "show work_mem",
        "select * from ranked",
        "delete from ranked",
        "update account set balance = 100 where balance <> 100",
      ];
      const [plain, cluster] = await both.answers(["begin", ...lines(), end, ...after, "reset work_mem"]);
      expect(cluster).toEqual(plain);
    }
    expect(await both.clients.onShards("select from pg_prepared_xacts")).toEqual(both.clients.everywhere());
  });
});

describe("a transaction that has failed", () => {
  /** Waits as long as it must, while the other session does not end its transaction. */
  const isFree = async (id: number | undefined) => {
    await runAll(other, "begin", set(id, 50), "rollback");
  };
  const isLocked = async (id: number | undefined) => {
    await runAll(other, "begin");
    const lock = other.query(`select from account where id = ${id} for update nowait`);
    await expect(lock).rejects.toMatchObject({ code: "55P03" });
    await other.query("rollback");
  };
  const holders =
    "select count(distinct pid) from pg_locks where relation = 'account'::regclass and pid <> pg_backend_pid()";

  test.each([
    ["an error of a shard", () => taken(c1)],
    ["an error of a shard that has written", () => "update account set balance = balance - 200"],
    ["a syntax error", () => "updat account"],
    ["a refusal of the gateway", () => "set transaction snapshot 'x'"],
  ])("holds no locks on any shard after %s", async (_, wrong) => {
    await runAll(client, "begin", set(a1, 1), set(b1, 2), set(c1, 3));
    await isLocked(a1);
    await expect(client.query(wrong())).rejects.toThrow();
    for (const id of [a1, b1, c1]) await isFree(id);
    await eventually(async () => {
      const counts = await both.clients.onShards(holders);
      return Object.values(counts)
        .flat()
        .every((count) => count === "0");
    });
    await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    expect(await rowsOf(client, all)).toEqual([]);
  });

  test("holds the locks from before its last savepoint only", async () => {
    await runAll(client, "begin", set(a1, 1), set(b1, 2), "savepoint s", set(a2, 3), set(c1, 4));
    await expect(client.query(taken(b1))).rejects.toMatchObject({ code: "23505" });
    for (const id of [a2, c1]) await isFree(id);
    for (const id of [a1, b1]) await isLocked(id);
    await runAll(client, "rollback to s", set(c2, 5), "commit");
    expect(await rowsOf(client, all)).toEqual(
      [`${a1}|1`, `${b1}|2`, `${c2}|5`].sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10)),
    );
    await client.query("update account set balance = 100");
  });
});
