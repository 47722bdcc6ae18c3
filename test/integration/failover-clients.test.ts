// What clients of a gateway notice while shards get other primaries as planned: a pause. Real servers; the test is the
// tablet agents.
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { cancelRequest } from "../support/cancel-request.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { type FailoverStage, onServer, type StagedShard, startFailoverStage } from "../support/failover-stage.ts";
import { keepDoing } from "../support/keep-doing.ts";
import { startSecondGateway } from "../support/second-gateway.ts";

let stage: FailoverStage;
let client: pg.Client;
let [home, other]: StagedShard[] = [];
/** Keys of `account`, on s1 and on s2. */
let [a, b]: number[] = [];

beforeAll(async () => {
  stage = await startFailoverStage(2);
  [home, other] = stage.shards as [StagedShard, StagedShard];
  client = await stage.open();
  await runAll(
    client,
    "create table account (id int primary key, balance int not null default 0)",
    "select create_distributed_table('account', 'id')",
    "insert into account select generate_series(1, 100)",
  );
  [a, b] = await Promise.all(
    [home, other].map(async ({ primary }) => {
      const [row] = await onServer(primary, "select id from account order by id limit 1");
      return Number(row!.id);
    }),
  );
}, 120_000);
beforeEach(() => client.query("update account set balance = 0 where balance <> 0"));
afterAll(() => stage?.stop());

const add = (id: number | undefined, more = 1) => `update account set balance = balance + ${more} where id = ${id}`;
const balanceOf = (id: number | undefined) => `select balance from account where id = ${id}`;
/** Whether it has settled, after a while that is long for a statement that does not wait. */
const isWaiting = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => "done"), delay(300).then(() => "waiting")])) === "waiting";

test("planned switchovers: whatever clients do, nothing fails and nothing is lost", { timeout: 120_000 }, async () => {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => stage.open()));
  const [simple, reader, extended, named, block, blocks, both, everywhere] = sessions;
  const addOne = "update account set balance = balance + 1 where id = $1";
  const work = [
    keepDoing(() => simple!.query(add(b))),
    keepDoing(() => reader!.query(balanceOf(b))),
    keepDoing(() => extended!.query(addOne, [b])),
    keepDoing(() => named!.query({ name: "add", text: addOne, values: [a] })),
    keepDoing(() => runAll(block!, "begin", add(b), add(b, -1), "commit")),
    keepDoing(() => runAll(blocks!, "begin", add(a, -1), add(b), "commit")),
    keepDoing(() => both!.query("select sum(balance), count(*) from account")),
    keepDoing(() => everywhere!.query("update account set balance = balance + 1 where id > 90")),
  ];
  const more = () => Promise.all(work.map((each) => each.more(3)));
  for (const shard of [other!, home!, other!]) {
    await more();
    await shard.switchOver();
  }
  await more();
  const rounds = (await Promise.all(work.map((each) => each.stop()))).map((done) => done.rounds);
  const sum = rounds[0]! + rounds[2]! + rounds[3]! + 10 * rounds[7]!;
  expect(await rowsOf(client, "select sum(balance) from account")).toEqual([String(sum)]);
});

describe("while a switchover is under way", () => {
  beforeEach(() => other!.holdNew().then(() => untilHeld()));
  const untilHeld = async () => {
    const probe = await stage.open({ options: "-c shardgres.hold_timeout=0" });
    await eventually(() =>
      probe.query(balanceOf(b)).then(
        () => false,
        (error: pg.DatabaseError) => error.code === "57P03",
      ),
    );
    await probe.end();
  };

  test("statements for the shard wait, and go on when it is called off; other shards have nothing to do with it", async () => {
    const waiting = [balanceOf(b), add(b), "update account set balance = balance where id > 99"];
    // More than there are connections for: none of them keeps one of the other shard.
    const many = await Promise.all(Array.from({ length: 80 }, () => stage.open()));
    const answers = many.map((each, i) => each.query(waiting[i] ?? "select count(*) from account"));
    const all = Promise.all(answers);
    expect(await isWaiting(Promise.race(answers))).toBe(true);
    expect(await rowsOf(client, balanceOf(a))).toEqual(["0"]);
    await runAll(client, "begin", add(a), "commit");
    await other!.callOff();
    expect((await all).length).toBe(80);
    await Promise.all(many.map((each) => each.end()));
  });

  test("who is in a transaction on the shard goes on; who is not waits", async () => {
    await other!.callOff();
    const [inside, outside] = [await stage.open(), await stage.open()];
    await runAll(inside, "begin", add(b));
    await other!.holdNew();
    await untilHeld();
    await runAll(outside, "begin", add(a));
    const joining = outside.query(balanceOf(b));
    expect(await isWaiting(joining)).toBe(true);
    await runAll(inside, add(b), "commit");
    await other!.callOff();
    await joining;
    await outside.query("rollback");
    expect(await rowsOf(client, balanceOf(b))).toEqual(["2"]);
  });

  test("shardgres.hold_timeout says how long; the error says that nothing has happened", async () => {
    try {
      const session = await stage.open({ options: "-c shardgres.hold_timeout=150ms" });
      expect(await rowsOf(session, "show shardgres.hold_timeout")).toEqual(["150ms"]);
      const held = {
        code: "57P03",
        message: 'shard "s2" is being switched over to another primary',
        detail: "The statement has waited for 150 ms (shardgres.hold_timeout).",
        hint: "The statement has changed nothing on this shard. It may be tried again.",
      };
      const began = performance.now();
      for (const sql of [balanceOf(b), "select count(*) from account", add(b)]) {
        await expect(session.query(sql)).rejects.toMatchObject(held);
      }
      expect(performance.now() - began).toBeGreaterThan(3 * 149);
      await runAll(session, "begin", add(a), "set local shardgres.hold_timeout = 0");
      await expect(session.query(add(b))).rejects.toMatchObject({ code: "57P03", detail: undefined });
      await expect(session.query("select 1")).rejects.toMatchObject({ code: "25P02" });
      await runAll(session, "rollback", "set shardgres.hold_timeout = '90ms'");
      expect(await rowsOf(session, "show shardgres.hold_timeout")).toEqual(["90ms"]);
      await expect(session.query("set shardgres.hold_timeout = soon")).rejects.toMatchObject({ code: "22023" });
      await session.query("reset shardgres.hold_timeout");
      expect(await rowsOf(session, "show shardgres.hold_timeout")).toEqual(["150ms"]);
      await session.query("select set_config('shardgres.hold_timeout', '1min', false)");
      expect(await rowsOf(session, "show shardgres.hold_timeout")).toEqual(["1min"]);
    } finally {
      await other!.callOff();
    }
    await runAll(client, "create role hasty login", "alter role hasty set shardgres.hold_timeout = '70ms'");
    const hasty = await stage.open({ user: "hasty" });
    expect(await rowsOf(hasty, "show shardgres.hold_timeout")).toEqual(["70ms"]);
    expect(await rowsOf(client, "show shardgres.hold_timeout")).toEqual(["20s"]);
  });

  test("who waits can be cancelled, keeps to statement_timeout, and may leave", async () => {
    try {
      const session = await stage.open();
      for (const sql of [balanceOf(b), "select count(*) from account"]) {
        const answer = expect(session.query(sql)).rejects.toMatchObject({
          code: "57014",
          message: "canceling statement due to user request",
        });
        await delay(20);
        await cancelRequest(stage.gateway.port, session);
        await answer;
        await runAll(session, "begin", "set local statement_timeout = 100");
        await expect(session.query(sql)).rejects.toMatchObject({
          code: "57014",
          message: "canceling statement due to statement timeout",
        });
        await session.query("rollback");
      }
      const left = expect(session.query(add(b))).rejects.toThrow();
      await session.end();
      await left;
    } finally {
      await other!.callOff();
    }
    expect(await rowsOf(client, balanceOf(b))).toEqual(["0"]);
  });
});

test("a primary that is named but not ready yet is not used", async () => {
  const why = async () => {
    const error = await client.query(balanceOf(b)).then(
      () => undefined,
      (reason: pg.DatabaseError) => reason,
    );
    return error?.detail;
  };
  // On a connection of its own, which is there from before.
  const reader = await stage.open();
  await client.query("set shardgres.hold_timeout = '150ms'");
  await reader.query(balanceOf(b));
  await other!.primary.halt("fast");
  const writing = reader.query(add(b));
  expect(await why()).toMatch(/ECONNREFUSED/);
  await other!.nameStandby();
  await eventually(async () => /is not promoted yet/.test((await why()) ?? ""));
  await onServer(other!.primary, "select pg_promote()");
  await eventually(async () => new RegExp(`is in term ${other!.term - 1} still`).test((await why()) ?? ""));
  await other!.writeTerm();
  await eventually(async () => /is not open for writing yet/.test((await why()) ?? ""));
  expect(await isWaiting(writing)).toBe(true);
  await other!.openForWriting();
  await writing;
  await client.query("reset shardgres.hold_timeout");
  expect(await rowsOf(client, balanceOf(b))).toEqual(["1"]);
  await other!.rejoin();
});

test("a commit in two phases goes on where a participant has become primary meanwhile", async () => {
  const session = await stage.open();
  await runAll(session, "begin", add(a), add(b));
  // s1 is written first, so it decides; its commit waits until the other has got another primary.
  const waitFor = (names: string) =>
    onServer(home!.primary, `alter system set synchronous_standby_names = '${names}'`, "select pg_reload_conf()");
  await waitFor("nobody");
  const committing = session.query("commit");
  await eventually(async () => (await onServer(other!.primary, "select from pg_prepared_xacts")).length === 1);
  await other!.switchOver(100);
  expect(await onServer(other!.primary, "select gid from pg_prepared_xacts")).toHaveLength(1);
  await waitFor("");
  expect((await committing).command).toBe("COMMIT");
  expect(await rowsOf(client, `select balance from account where id in (${a}, ${b})`)).toEqual(["1", "1"]);
  await eventually(async () => (await onServer(other!.primary, "select from pg_prepared_xacts")).length === 0);
});

test("the state that a session has at a shard is lost with its primary, and so is the session", async () => {
  const ended = ["listen news", "create temporary table mine (id int)"].map(async (sql) => {
    const session = new pg.Client({
      host: "127.0.0.1",
      port: stage.gateway.port,
      user: "postgres",
      database: "postgres",
    });
    const said = new Promise<Error>((resolve) => session.on("error", resolve));
    await session.connect();
    await session.query(sql);
    return { said };
  });
  const sessions = await Promise.all(ended);
  await home!.switchOver(100);
  for (const { said } of sessions) {
    expect(await said).toMatchObject({
      severity: "FATAL",
      code: "57P01",
      message: "terminating connection due to administrator command",
    });
  }
});

test("logins wait, and the catalog is followed on the new primary", async () => {
  const gateway = await startSecondGateway(stage, "g3");
  const elsewhere = new pg.Client({ host: "127.0.0.1", port: gateway.port, user: "postgres", database: "postgres" });
  try {
    await elsewhere.connect();
    await home!.primary.halt("fast");
    const login = stage.open();
    expect(await isWaiting(login)).toBe(true);
    await home!.nameStandby();
    await home!.promote();
    expect(await rowsOf(await login, balanceOf(a))).toEqual(["0"]);
    await runAll(
      elsewhere,
      "create table later (id int primary key)",
      "select create_distributed_table('later', 'id')",
    );
    await eventually(() => rowsOf(client, "insert into later values (1), (2), (3) returning id").then(() => true));
    const spread = await Promise.all(stage.shards.map(({ primary }) => onServer(primary, "select id from later")));
    expect(spread.flat()).toHaveLength(3);
    await client.query("drop table later");
    await home!.rejoin();
  } finally {
    await elsewhere.end();
    await gateway.stop();
  }
});
