// Cancel requests reach a session whatever it is doing: on all shards, between them, and while it waits for a connection;
// but not a commit that is decided.
import type pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { cancelRequest } from "../support/cancel-request.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
/** Other sessions at the shards: in a transaction pg_stat_activity stands still. */
let lockers: ClusterClients;
let client: pg.Client;
/** A key of `account` on each shard. */
let [a, b, c]: number[] = [];

const byUser = { code: "57014", message: "canceling statement due to user request" };
const byTimeout = { code: "57014", message: "canceling statement due to statement timeout" };
const name = "interrupted";

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  lockers = new ClusterClients(cluster, 3);
  client = await clients.open({ application_name: name });
  await runAll(
    client,
    "create table account (id int primary key, balance int not null)",
    "create table slow (id int primary key)",
    "create table journal (entry text)",
    "create table copied (id int primary key, balance int)",
    "select create_distributed_table('account', 'id')",
    "select create_distributed_table('slow', 'id')",
    "select create_distributed_table('copied', 'id')",
    "insert into account select n, 100 from generate_series(1, 60) n",
  );
  [a, b, c] = (await clients.keysByShard("account", "id")).map(([first]) => first!) as [number, number, number];
});
afterEach(async () => {
  await client.query("rollback");
  expect(await clients.onShards("select from pg_prepared_xacts")).toEqual(clients.everywhere());
  // Nothing goes on working for it.
  await eventually(async () => (await working()).length === 0);
});
afterAll(async () => {
  await clients?.end();
  await lockers?.end();
  await cluster?.stop();
});

/** What the shards are doing for the session. */
async function working(): Promise<string[]> {
  const sql = `select query from pg_stat_activity where application_name = '${name}' and state = 'active'`;
  return Object.values(await clients.onShards(sql)).flat();
}

const update = (id: number | undefined) => `update account set balance = 1 where id = ${id}`;
const sleepAt = (id: number | undefined) => `select pg_sleep(100) from account where id = ${id}`;

/** Cancels `query` as soon as a shard works on it; the cluster must say 57014, and serve the session again. */
async function isCancelled(query: string | pg.QueryConfig): Promise<void> {
  const answer = expect(client.query(query)).rejects.toMatchObject(byUser);
  await eventually(async () => (await working()).length > 0);
  await cancelRequest(cluster.port, client);
  await answer;
}

describe("a cancel request stops", () => {
  test.each([
    ["one shard", () => sleepAt(b)],
    [
      "one shard, by the extended protocol",
      () => ({ text: `${sleepAt(undefined).replace("undefined", "$1")}`, values: [b] }),
    ],
    ["a statement of several", () => `${update(a)}; ${sleepAt(b)}; ${update(c)}`],
  ])("%s", async (_, query) => {
    await isCancelled(query());
    expect(await rowsOf(client, "select count(*) from account where balance <> 100")).toEqual(["0"]);
  });

  test.each([
    ["a write on all shards", "update account set balance = balance + 1"],
    ["rows that are put together", "select id from account order by id"],
    ["a query that is gathered", "select count(distinct balance) from account"],
    ["an insert of a query's rows", "insert into copied select id, balance from account"],
    ["an insert split by key", "insert into account select n, 1 from generate_series(100, 130) n"],
    ["COPY TO", "copy account to stdout"],
    ["COPY of a query", "copy (select id from account) to stdout"],
    ["DDL", "alter table account add column more int"],
    ["an index made shard by shard", "create index concurrently made on account (balance)"],
  ])("%s while a shard waits for a lock", async (_, sql) => {
    const shard = await lockers.shard("s3");
    await runAll(shard, "begin", "lock table account");
    try {
      await isCancelled(sql);
      if (!sql.includes("concurrently")) {
        await client.query("begin");
        await isCancelled(sql);
        await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
      }
      await client.query("rollback");
    } finally {
      await shard.query("rollback");
    }
    expect(await rowsOf(client, "select count(*), sum(balance) from account")).toEqual(["60|6000"]);
    expect(await clients.onShards("select count(*) from pg_index where not indisvalid")).toEqual(
      clients.everywhere("0"),
    );
  });

  test("nothing when the session is idle", async () => {
    await cancelRequest(cluster.port, client);
    await runAll(client, "begin", update(a), update(b));
    await cancelRequest(cluster.port, client);
    expect(await rowsOf(client, `select balance from account where id = ${a}`)).toEqual(["1"]);
  });
});

describe("a session that waits for a connection of the pool", () => {
  /** As many as the gateway opens to one shard. */
  const connectionsMax = 64;

  test("stops waiting at once, by a cancel request as well as by its time limit", async () => {
    const holders = await Promise.all(Array.from({ length: connectionsMax }, () => clients.open()));
    await Promise.all(holders.map((holder) => runAll(holder, "begin", `select from account where id = ${b}`)));
    const read = `select balance from account where id = ${b}`;
    const ways: [string, string][] = [
      ["alone", read],
      ["a transaction that joins", `begin; ${read}`],
      ["rows of several shards", `select id from account where id in (${b}, ${c}) order by id`],
    ];
    for (const [way, sql] of ways) {
      const answer = expect(client.query(sql), way).rejects.toMatchObject(byUser);
      // Nothing shows that it waits. A request that comes too early is repeated, as a person would.
      let isOver = false;
      void answer.finally(() => {
        isOver = true;
      });
      await eventually(async () => {
        await cancelRequest(cluster.port, client);
        return isOver;
      });
      await answer;
      await client.query("rollback");
    }
    await client.query("set statement_timeout = '50ms'");
    for (const [way, sql] of ways) {
      await expect(client.query(sql), way).rejects.toMatchObject(byTimeout);
      await client.query("rollback");
    }
    await client.query("reset statement_timeout");
    await Promise.all(holders.map((holder) => holder.end()));
    expect(await rowsOf(client, read)).toEqual(["100"]);
  });
});

describe("COPY FROM STDIN", () => {
  test("over several shards stops at once, although no shard hears of it", async () => {
    const raw = await RawClient.open(cluster.port);
    raw.start({ user: "postgres", database: "postgres" });
    await raw.until("Z");
    const key = raw.frames.find(({ type }) => type === 0x4b)!.bytes;
    raw.frames.length = 0;
    raw.send(serialize.query("copy copied from stdin"));
    await raw.until("G");
    raw.send(serialize.copyData(Buffer.from("1\t1\n2\t2\n")));
    await cancelRequest(cluster.port, { processID: key.readInt32BE(5), secretKey: key.readInt32BE(9) });
    expect(await raw.until("Z")).toEqual(["G", `E ERROR ${byUser.code} ${byUser.message}`, "Z I"]);
    raw.send(serialize.copyDone());
    expect(await raw.query("select count(*) from copied")).toContain("D 0");
    raw.end();
  });
});

describe("a commit over several shards", () => {
  /** Writes on shards 1 and 2; the first one decides. Shard 2 takes its time when it is asked to prepare. */
  const writes = () => ["begin", update(a), update(b), `insert into slow values (${b})`];
  const nothingChanged = async () => {
    expect(await rowsOf(client, "select count(*) from account where balance <> 100")).toEqual(["0"]);
    expect(await rowsOf(client, "select count(*) from slow")).toEqual(["0"]);
  };

  beforeAll(async () => {
    const shard = await clients.shard("s2");
    await runAll(
      shard,
      "create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(100); return null; end'",
      "create constraint trigger linger after insert on slow deferrable initially deferred for each row execute function linger()",
    );
  });

  test("is rolled back everywhere by a cancel request while a shard prepares", async () => {
    await runAll(client, ...writes());
    await isCancelled("commit");
    await nothingChanged();
  });

  test("is rolled back everywhere by statement_timeout", async () => {
    await runAll(client, ...writes(), "set local statement_timeout = '100ms'");
    await expect(client.query("commit")).rejects.toMatchObject(byTimeout);
    await nothingChanged();
  });

  test("is rolled back everywhere by transaction_timeout, which ends the session", async () => {
    const session = await clients.open();
    await runAll(session, ...writes(), "set local transaction_timeout = '100ms'");
    await expect(session.query("commit")).rejects.toMatchObject({
      severity: "FATAL",
      code: "25P04",
      message: "terminating connection due to transaction timeout",
    });
    await eventually(
      async () => (await rowsOf(await clients.shard("s2"), "select from pg_prepared_xacts")).length === 0,
    );
    await nothingChanged();
  });

  test("is not stopped once it is decided, while the deciding shard waits for a standby", async () => {
    const keeper = await clients.shard("s1");
    const standby = async (names: string) => {
      await keeper.query(`alter system set synchronous_standby_names = '${names}'`);
      await keeper.query("select pg_reload_conf()");
    };
    const waiting = `select wait_event from pg_stat_activity where application_name = '${name}' and state = 'active'`;
    const notices: string[] = [];
    client.on("notice", ({ message }) => notices.push(message ?? ""));
    await standby("nobody");
    try {
      // The shard takes a moment to know of the standby: until then commits go through.
      let answer: Promise<unknown> = Promise.resolve();
      await eventually(async () => {
        await answer;
        await runAll(client, "begin", update(a), update(c));
        let isThrough = false;
        answer = client.query("commit").then(() => {
          isThrough = true;
        });
        const seen = await eventually(async () => {
          const waits = (await rowsOf(keeper, waiting)).includes("SyncRep");
          return (waits || isThrough) && { waits };
        });
        return seen.waits;
      });
      await cancelRequest(cluster.port, client);
      // More than enough for the request, and for those that would repeat it.
      await delay(300);
      expect(await rowsOf(keeper, waiting)).toEqual(["SyncRep"]);
      await standby("");
      await answer;
    } finally {
      await standby("");
      client.removeAllListeners("notice");
    }
    expect(notices).toEqual([]);
    expect(await rowsOf(client, "select count(*) from account where balance <> 100")).toEqual(["2"]);
    await client.query("update account set balance = 100");
  });
});
