// Connections to shards that are lost while they work for a session. What PostgreSQL has said is passed on; what it could
// not say is called unknown only where it may have been committed.
import type pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
/** Other sessions at the shards: in a transaction pg_stat_activity stands still. */
let lockers: ClusterClients;
let client: pg.Client;
/** Keys of `account` on each shard. */
let [a1, b1, b2, c1]: number[] = [];

const name = "to-be-lost";

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  lockers = new ClusterClients(cluster, 3);
  client = await clients.open({ application_name: name });
  await runAll(
    client,
    "create table account (id int primary key, balance int not null)",
    "select create_distributed_table('account', 'id')",
    "insert into account select n, 100 from generate_series(1, 60) n",
  );
  const [a, b, c] = await clients.keysByShard("account", "id");
  [a1, b1, b2, c1] = [a![0]!, b![0]!, b![1]!, c![0]!];
});
beforeEach(async () => {
  await runAll(client, "rollback", "update account set balance = 100 where balance <> 100");
});
afterAll(async () => {
  await Promise.all([clients, lockers].map((each) => each?.end()));
  await cluster?.stop();
});

const update = (id: number | undefined) => `update account set balance = 1 where id = ${id}`;
const changed = () => rowsOf(client, "select id from account where balance <> 100 order by id");

/** Process ids of the session's backends at a shard, as soon as there is one of which `condition` is true. */
async function backends(shard: string, condition: string): Promise<string[]> {
  const sql = `select pid from pg_stat_activity where application_name = '${name}' and ${condition}`;
  return eventually(async () => {
    const pids = await rowsOf(await clients.shard(shard), sql);
    return pids.length > 0 && pids;
  });
}

async function terminate(shard: string, condition: string): Promise<void> {
  const pids = await backends(shard, condition);
  await (await clients.shard(shard)).query(`select pg_terminate_backend(pid) from unnest('{${pids}}'::int[]) pid`);
  await eventually(async () => {
    const left = await rowsOf(await clients.shard(shard), `select from pg_stat_activity where pid = any('{${pids}}')`);
    return left.length === 0;
  });
}

const [working, inTransaction] = ["state = 'active'", "state = 'idle in transaction'"];
const terminated = { code: "57P01", message: "terminating connection due to administrator command" };

describe("a backend that an administrator terminates", () => {
  test("while it reads: the statement ends with PostgreSQL's error, the session goes on", async () => {
    for (const begin of [false, true]) {
      if (begin) await client.query("begin");
      const answer = expect(client.query(`select pg_sleep(100) from account where id = ${b1}`)).rejects.toMatchObject(
        terminated,
      );
      await terminate("s2", working);
      await answer;
      if (begin) await expect(client.query("select 1")).rejects.toMatchObject({ code: "25P02" });
      await client.query("rollback");
      expect(await rowsOf(client, `select balance from account where id = ${b1}`)).toEqual(["100"]);
    }
  });

  test.each([
    ["on one shard", () => update(b1)],
    ["on all shards", () => "update account set balance = 1"],
  ])("while it writes %s: PostgreSQL has said so before it could commit", async (_, sql) => {
    const locker = await lockers.shard("s2");
    await runAll(locker, "begin", `select from account where id = ${b1} for update`);
    const answer = expect(client.query(sql())).rejects.toMatchObject(terminated);
    await terminate("s2", working);
    await answer;
    await locker.query("rollback");
    expect(await changed()).toEqual([]);
  });

  test("while it is idle in a transaction: its next statement, or COMMIT, says so; nothing is left on any shard", async () => {
    for (const last of [update(b2), "commit", "rollback to s"]) {
      await runAll(client, "begin", "savepoint s", update(a1), update(b1));
      await terminate("s2", inTransaction);
      // The other shard is still there.
      await client.query(update(a1));
      await expect(client.query(last)).rejects.toMatchObject(terminated);
      await client.query("rollback");
      expect(await changed()).toEqual([]);
    }
    expect(await clients.onShards("select from pg_prepared_xacts")).toEqual(clients.everywhere());
  });

  test("before a command that has been carried out elsewhere came to it: that is not begun again", async () => {
    await client.query("create index by_balance on account (balance)");
    const locker = await lockers.shard("s1");
    const others = ["s2", "s3"].map((shard) => clients.shard(shard));
    const indexes = async (at: pg.Client) => rowsOf(at, "select from pg_class where relname = 'by_balance'");
    await runAll(locker, "begin", "lock table account in share update exclusive mode");
    const dropping = client.query("drop index concurrently by_balance");
    await backends("s1", "wait_event_type = 'Lock'");
    await terminate("s3", "true");
    await locker.query("rollback");
    await expect(dropping).rejects.toMatchObject({ code: expect.stringMatching(/^(57P01|08007)$/) });
    expect(await indexes(await lockers.shard("s1"))).toHaveLength(0);
    expect(await indexes(await others[1]!)).toHaveLength(1);
    await Promise.all(others.map(async (each) => (await each).query("drop index if exists by_balance")));
  });

  test("of a shard that was only read: the client is told what has become of what it wrote elsewhere", async () => {
    await runAll(client, "begin", update(a1), `select from account where id = ${c1}`);
    await terminate("s3", inTransaction);
    // It depends on whether the gateway has heard of it before COMMIT.
    const isCommitted = await client.query("commit").then(
      () => true,
      (error: { code: string }) => {
        expect(error).toMatchObject(terminated);
        return false;
      },
    );
    expect(await changed()).toEqual(isCommitted ? [String(a1)] : []);
  });
});

describe("a commit that waits for a standby when its backend is terminated", () => {
  // PostgreSQL has committed, says so in a warning, and closes the connection without an error.
  const unknown = {
    code: "08007",
    message: "connection to a shard was lost during commit; the outcome of the transaction is unknown",
  };
  const waiting = "wait_event = 'SyncRep'";
  const standby = async (names: string) => {
    const shard = await clients.shard("s2");
    await shard.query(`alter system set synchronous_standby_names = '${names}'`);
    await shard.query("select pg_reload_conf()");
    if (names === "") return;
    // It holds from the moment when a commit waits; that one waits until the end.
    const probe = await lockers.shard("s2");
    await probe.query("set application_name = 'probe'");
    await eventually(async () => {
      let isThrough = false;
      void probe.query("select pg_logical_emit_message(true, 'probe', '')").then(() => {
        isThrough = true;
      });
      return eventually(async () => {
        const sql = `select from pg_stat_activity where application_name = 'probe' and ${waiting}`;
        const waits = (await rowsOf(shard, sql)).length > 0;
        return (waits || isThrough) && { waits };
      }).then(({ waits }) => waits);
    });
  };

  test.each([
    ["of one statement", []],
    ["of a transaction on one shard", ["begin", "commit"]],
  ])("%s: the outcome is unknown", async (_, [begin, commit]) => {
    await client.query("set synchronous_commit = on");
    await standby("nobody");
    try {
      if (begin !== undefined) await runAll(client, begin, update(b1));
      const answer = expect(client.query(commit ?? update(b1))).rejects.toMatchObject(unknown);
      await terminate("s2", waiting);
      await answer;
    } finally {
      await standby("");
      await client.query("reset synchronous_commit");
    }
    expect(await changed()).toEqual([String(b1)]);
  });

  describe("of a session that keeps the connection, for it has state there", () => {
    /** What the client hears until its end, with a cursor that is held on the second shard. */
    const hearing = async (...statements: string[]) => {
      const raw = await RawClient.open(cluster.port);
      raw.start({ user: "postgres", database: "postgres", application_name: name });
      await raw.until("Z");
      await raw.query("set synchronous_commit = on");
      await raw.query(`declare kept cursor with hold for select from account where id = ${b1}`);
      for (const sql of statements.slice(0, -1)) await raw.query(sql);
      await standby("nobody");
      try {
        raw.frames.length = 0;
        raw.send(serialize.query(statements.at(-1)!));
        await terminate("s2", waiting);
        // Or else the question for the decision may wait for the standby too.
        await standby("");
        return (await raw.closed()).filter((line) => !line.startsWith("N "));
      } finally {
        await standby("");
      }
    };
    const lost = "E FATAL 08006 the connection to a shard was lost";

    test("one statement: the session ends with that its outcome is unknown", async () => {
      expect(await hearing(update(b1))).toEqual([`E FATAL ${unknown.code} ${unknown.message}`]);
      expect(await changed()).toEqual([String(b1)]);
    });

    test("a transaction on one shard: its outcome is unknown, and then the session ends", async () => {
      const heard = await hearing("begin", update(b1), "commit");
      expect(heard).toEqual([`E ERROR ${unknown.code} ${unknown.message}`, "Z I", lost]);
      expect(await changed()).toEqual([String(b1)]);
    });

    test("a transaction on several shards: it is committed, and then the session ends; nothing more is carried out", async () => {
      const heard = await hearing("begin", update(b1), update(c1), `commit; ${update(a1)}`);
      expect(heard).toEqual(["C COMMIT", lost]);
      expect(await changed()).toEqual([b1, c1].map(String).sort((x, y) => Number(x) - Number(y)));
    });
  });

  test("of several shards: the gateway asks the shard that decides, and knows", async () => {
    await standby("nobody");
    try {
      // The first writer decides.
      await runAll(client, "begin", update(b1), update(c1));
      const answer = client.query("commit");
      await terminate("s2", waiting);
      // Or else the question may wait for the standby too.
      await standby("");
      expect((await answer).command).toBe("COMMIT");
    } finally {
      await standby("");
    }
    expect(await changed()).toEqual([b1, c1].map(String).sort((x, y) => Number(x) - Number(y)));
  });
});

describe("a server that crashes", () => {
  // One of its backends is killed, and all connections end without a word.
  const crash = async (condition: string) => {
    const [pid] = await backends("s2", condition);
    process.kill(Number(pid), "SIGKILL");
  };
  const back = async () => {
    await eventually(() => client.query("update account set balance = 100 where balance < 0"));
    for (const old of [clients, lockers]) await old.end();
    clients = new ClusterClients(cluster, 3);
    lockers = new ClusterClients(cluster, 3);
    client = await clients.open({ application_name: name });
  };

  test("during a read: it is asked again when the server is back, and the client notices nothing", async () => {
    for (const sql of [`select count(*) from account where id = ${b1}`, "select count(*) from account"]) {
      await runAll(await lockers.shard("s2"), "begin", "lock table account");
      const answer = rowsOf(client, sql);
      await crash(working);
      expect(await answer).toEqual([sql.includes("where") ? "1" : "60"]);
      await back();
    }
  });

  test("during the first read of a REPEATABLE READ transaction: the snapshot is gone, and no other takes its place", async () => {
    await client.query("begin isolation level repeatable read");
    await runAll(await lockers.shard("s2"), "begin", "lock table account");
    const answer = expect(client.query(`select from account where id = ${b1}`)).rejects.toMatchObject({
      code: expect.stringMatching(/^(08006|57P0[12])$/),
    });
    await crash(working);
    await answer;
    await expect(client.query("select from account")).rejects.toMatchObject({ code: "25P02" });
    await client.query("rollback");
    await back();
  });

  test("during a read, for who does not want to wait: it may be tried again", async () => {
    await client.query("set shardgres.hold_timeout = 0");
    await runAll(await lockers.shard("s2"), "begin", "lock table account");
    const answer = expect(client.query(`select from account where id = ${b1}`)).rejects.toMatchObject({
      code: "08006",
      hint: "The statement may be tried again.",
    });
    await crash(working);
    await answer;
    await back();
  });

  test("during a write that cannot have been committed: it is done when the server is back, once", async () => {
    const addOne = "update account set balance = balance + 1";
    for (const [begin, sql, end] of [
      [[], addOne, []],
      [["begin"], `${addOne} where id = ${b1}`, ["commit"]],
      [
        ["begin", update(a1), "savepoint s"],
        `${addOne} where id = ${b1}`,
        ["rollback to s", `${addOne} where id = ${b1}`, "commit"],
      ],
    ] as const) {
      await client.query("update account set balance = 100");
      await runAll(client, ...begin);
      await runAll(await lockers.shard("s2"), "begin", `select from account where id = ${b1} for update`);
      const answer = client.query(sql);
      await crash(working);
      expect((await answer).rowCount).toBe(sql.includes("where") ? 1 : 60);
      await runAll(client, ...end);
      expect(await rowsOf(client, `select balance from account where id = ${b1}`)).toEqual(["101"]);
      await back();
    }
  });

  test.each([
    ["on one shard", "begin", () => `where id = ${b1}`],
    ["on two shards", "select 1", () => `where id in (${b1}, ${c1})`],
  ])("during a statement %s that is sent again: statement_timeout goes on", async (_, before, where) => {
    await runAll(client, "set statement_timeout = 1500", before);
    const answer = expect(client.query(`select pg_sleep(1) from account ${where()}`)).rejects.toMatchObject({
      code: "57014",
      message: "canceling statement due to statement timeout",
    });
    await backends("s2", working);
    await delay(700);
    await crash(working);
    await answer;
    await client.query("rollback");
    await back();
  });

  test("during a write: nobody says that it may be tried again", async () => {
    await runAll(await lockers.shard("s2"), "begin", `select from account where id = ${b1} for update`);
    const answer = expect(client.query(update(b1))).rejects.toMatchObject({
      code: "08007",
      hint: "Look at the data before you try again: what was sent may have been committed.",
    });
    await crash(working);
    await answer;
    await back();
    expect(await changed()).toEqual([]);
  });

  test("during a transaction: it is rolled back", async () => {
    await runAll(client, "begin", update(a1), update(b1));
    const witness = await lockers.shard("s2");
    await crash(inTransaction);
    await eventually(() =>
      witness.query("select 1").then(
        () => false,
        () => true,
      ),
    );
    const error = { code: "08006", hint: "The transaction is rolled back. It may be tried again." };
    await expect(client.query("commit")).rejects.toMatchObject(error);
    await back();
    expect(await changed()).toEqual([]);
  });
});
