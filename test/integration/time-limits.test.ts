// Time limits of sessions over several shards: the same end at the same place as with a plain PostgreSQL, and no other
// shard's clock ends what is at work elsewhere.
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";
import { type Line, SideBySide } from "../support/side-by-side.ts";

let both: SideBySide;
/** A key of `account` on each shard. */
let [a, b, c]: number[] = [];

beforeAll(async () => {
  both = await SideBySide.start(
    3,
    [
      "create table account (id int primary key, balance int not null)",
      "insert into account select n, 100 from generate_series(1, 60) n",
      "create table journal (entry text)",
    ],
    ["select create_distributed_table('account', 'id')"],
  );
  [a, b, c] = (await both.clients.keysByShard("account", "id")).map(([first]) => first!) as [number, number, number];
});
afterAll(async () => {
  await both?.stop();
});

const update = (id: number | undefined) => `update account set balance = 1 where id = ${id}`;
const sleep = (id: number | undefined, seconds: number) => `select pg_sleep(${seconds}) from account where id = ${id}`;

/** Nobody holds a lock on a row of `account` any more, and no shard has a session in a transaction. */
async function allIsFree(): Promise<void> {
  const client = await both.clients.open({ options: "-c lock_timeout=5s" });
  await client.query("update account set balance = 100");
  await client.end();
}

describe("ends a session as PostgreSQL does, wherever its transaction is at work:", () => {
  // The last thing that is said, or long enough for what is said after it.
  const idle = "set idle_in_transaction_session_timeout = '100ms'";
  const transaction = "set transaction_timeout = '600ms'";
  const cases: [string, () => Line[]][] = [
    ["idle in a transaction", () => ["begin", update(a), update(b), idle, "(closed)"]],
    ["idle in a transaction, of the session", () => [idle.replace("100", "600"), "begin", update(a), "(closed)"]],
    ["idle in a transaction that no shard has joined", () => [idle.replace("100", "600"), "begin", "(closed)"]],
    [
      "idle in a failed transaction",
      () => [idle.replace("100", "600"), "begin", update(a), update(b), "select 1/0", "(closed)"],
    ],
    ["a limit of this transaction", () => ["begin", update(c), idle.replace("set", "set local"), "(closed)"]],
    ["a transaction that is idle", () => [transaction, "begin", update(a), update(c), "(closed)"]],
    ["a transaction that is at work", () => [transaction, "begin", update(a), sleep(b, 10), "(closed)"]],
    ["a statement that is a transaction of its own", () => [transaction, sleep(b, 10), "(closed)"]],
    ["a limit that is set within the transaction", () => ["begin", update(a), update(b), transaction, "(closed)"]],
    [
      "a limit that is changed within the transaction",
      () => [transaction, "begin", "set transaction_timeout = '1h'", update(b), "(closed)"],
    ],
    ["an idle session", () => ["set idle_session_timeout = '100ms'", "(closed)"]],
    [
      "a session that has been idle within a transaction",
      () => ["begin", "set idle_session_timeout = '100ms'", { pauseMs: 150 }, "commit", "(closed)"],
    ],
  ];
  test.each(cases)("%s", async (_, lines) => {
    const [plain, cluster] = await both.answers(lines());
    expect(cluster).toEqual(plain);
    expect(plain.at(-1)).toBe("closed");
    await allIsFree();
  });

  test.each([
    ["idle_session_timeout=100ms", ["(closed)"]],
    ["idle_in_transaction_session_timeout=100ms", ["begin", "(closed)"]],
    ["transaction_timeout=100ms", ["begin", "(closed)"]],
    ["idle_session_timeout=abc", ["(closed)"]],
    ["statement_timeout=1parsec", ["(closed)"]],
  ] as [string, Line[]][])("with %s from its beginning", async (setting, lines) => {
    const [plain, cluster] = await both.answers(lines, { options: `-c ${setting}` });
    expect(cluster).toEqual(plain);
  });
});

describe("does not end a session", () => {
  const cases: [string, () => Line[]][] = [
    [
      "whose transaction has failed, for the time of the transaction",
      () => ["set transaction_timeout = '600ms'", "begin", update(a), "select 1/0", { pauseMs: 700 }, "rollback"],
    ],
    [
      "whose transaction goes on after an error, for the time of the transaction",
      () => [
        "set transaction_timeout = '600ms'",
        "begin",
        "savepoint s",
        "select 1/0",
        "rollback to s",
        { pauseMs: 700 },
        update(b),
        "rollback",
      ],
    ],
    [
      "that has taken the limit back",
      () => [
        "begin",
        "savepoint s",
        "set idle_in_transaction_session_timeout = '600ms'",
        "set idle_session_timeout = '600ms'",
        "rollback to s",
        "set idle_session_timeout = '600ms'",
        "rollback",
        { pauseMs: 700 },
        "select 1",
      ],
    ],
  ];
  test.each(cases)("%s", async (_, lines) => {
    const [plain, cluster] = await both.answers(lines());
    expect(cluster).toEqual(plain);
    expect(plain.at(-1)).not.toBe("closed");
  });

  test("that works on one shard while it is idle on another", async () => {
    const client = await both.clients.open();
    await runAll(client, "set idle_in_transaction_session_timeout = '500ms'", "set idle_session_timeout = '500ms'");
    await runAll(client, "begin", update(a), sleep(b, 0.7), update(a), "commit");
    // Temporary tables live on a connection that the session keeps.
    await runAll(client, "create temp table mine (n int)", sleep(c, 0.7), "insert into mine values (1)");
    expect(await rowsOf(client, "select count(*) from mine")).toEqual(["1"]);
    await client.end();
    await allIsFree();
  });
});

describe("values", () => {
  const names = ["idle_session_timeout", "idle_in_transaction_session_timeout", "statement_timeout"];
  const values = [
    "'1500ms'",
    "0x100000",
    "'1.5min'",
    "'2 h'",
    "90000.6",
    "'2500500us'",
    "010000",
    "default",
    "'abc'",
    "'1x'",
    "-1",
    "'100d'",
  ];

  test.each(names)("of %s are read and shown alike", async (name) => {
    const lines = values.flatMap((value) => [`set ${name} = ${value}`, `show ${name}`]);
    const more = [`set local ${name} = 7000`, "begin", `set local ${name} = 8000`, `show ${name}`, "savepoint s"];
    const last = [`set ${name} = 9000`, `show ${name}`, "rollback to s", `show ${name}`, "commit", `show ${name}`];
    const reset = [
      `set ${name} = 5`,
      `reset ${name}`,
      `show ${name}`,
      `set ${name} = 6000`,
      "discard all",
      `show ${name}`,
    ];
    const [plain, cluster] = await both.answers([...lines, ...more, ...last, ...reset], { options: `-c ${name}=1h` });
    expect(cluster).toEqual(plain);
  });

  test("by set_config too", async () => {
    const config = (value: string, isLocal: boolean) =>
      `select set_config('idle_session_timeout', '${value}', ${isLocal})`;
    const [plain, cluster] = await both.answers([
      "begin",
      config("1h", true),
      "show idle_session_timeout",
      "commit",
      "show idle_session_timeout",
      config("100ms", false),
      "(closed)",
    ]);
    expect(cluster).toEqual(plain);
    expect(plain.at(-1)).toBe("closed");
  });

  test("of a role hold for its sessions", async () => {
    await both.run(
      "create role limited login",
      "alter role limited set idle_in_transaction_session_timeout = '100ms'",
      "alter role limited set idle_session_timeout = '1h'",
    );
    const lines = ["show idle_in_transaction_session_timeout", "show idle_session_timeout"];
    const set = ["set idle_session_timeout = 0", "show idle_session_timeout", "reset all", "show idle_session_timeout"];
    const [plain, cluster] = await both.answers([...lines, ...set, "begin", "(closed)"], { user: "limited" });
    expect(cluster).toEqual(plain);
    expect(plain.at(-1)).toBe("closed");
    await both.run("drop role limited");
  });
});

describe("statement_timeout", () => {
  test("holds for a statement over several shards", async () => {
    const holder = await both.clients.open();
    await runAll(holder, "begin", update(c));
    const raw = await RawClient.ready(both.cluster.port);
    await raw.query("set statement_timeout = '150ms'");
    const timeout = "E ERROR 57014 canceling statement due to statement timeout";
    expect(await raw.query("update account set balance = 2")).toContain(timeout);
    expect(
      await raw.query("insert into account select id, 5 from account on conflict (id) do update set balance = 5"),
    ).toContain(timeout);
    expect(await raw.query("begin; update account set balance = 2")).toContain(timeout);
    expect((await raw.query("commit")).at(-2)).toBe("C ROLLBACK");
    await holder.query("rollback");
    expect(await rowsOf(holder, "select distinct balance from account")).toEqual(["100"]);
    raw.end();
    await holder.end();
  });

  test("ends a COPY that several shards wait for, although none of them hears of it", async () => {
    const raw = await RawClient.ready(both.cluster.port);
    await raw.query("set statement_timeout = '100ms'");
    raw.frames.length = 0;
    raw.send(serialize.query("copy account from stdin"));
    expect(await raw.until("Z")).toEqual(["G", "E ERROR 57014 canceling statement due to statement timeout", "Z I"]);
    // What the client sends before it has read that.
    raw.send(serialize.copyData(Buffer.from("1000\t1\n")), serialize.copyDone());
    expect(await raw.query("select count(*) from account")).toContain("D 60");
    raw.end();
  });

  test("is not the time between statements", async () => {
    const client = await both.clients.open();
    await runAll(client, "set statement_timeout = '600ms'", "begin", "update account set balance = balance");
    await delay(700);
    await runAll(client, "update account set balance = balance", "rollback");
    await client.end();
  });
});

test("a session that is ended is gone from all shards", async () => {
  const client = await both.clients.open({ application_name: "ended" });
  await runAll(client, "begin", update(a), update(b), update(c), "set idle_in_transaction_session_timeout = '50ms'");
  const working = "select pid from pg_stat_activity where application_name = 'ended' and state <> 'idle'";
  await eventually(async () => Object.values(await both.clients.onShards(working)).flat().length === 0);
  await allIsFree();
});
