// What keeps an old primary from being acknowledged anything, and a new one from acknowledging too early: real processes,
// some of them frozen at the worst moment.
import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { processIdentity } from "../../src/base/process-identity.ts";
import type { Address } from "../../src/topology/snapshot.ts";
import { standbyName } from "../../tablet-agent/postgres/server.ts";
import { eventually } from "../support/eventually.ts";
import { postgresPrograms } from "../support/postgres-programs.ts";
import { firstPrimary, type TestTablet, tabletsOf, testPassword } from "../support/tablets.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
vi.setConfig({ testTimeout: 120_000 });

const soonMs = 300;

async function pair(settings: Record<string, string> = {}): Promise<[TestTablet, TestTablet]> {
  const tablet = await tabletsOf(postgresPrograms(18), { settings: { shared_buffers: "16MB", ...settings } });
  const [a, b] = [await tablet("s1-0"), await tablet("s1-1")];
  await firstPrimary(a);
  await a.ask("CREATE TABLE written (n int)");
  await b.standBy(a, 1);
  await a.see((seen) => seen.standbys.some((standby) => standby.isStreaming));
  return [a, b];
}

const followers = (count: number) => ({ acknowledgements: count, names: ["s1-1_1", "s1-2_1"].slice(0, count) });

/** A Unix socket in front of a server's, which lets only so many bytes through from the server after it was told. */
async function leakyTap(server: Address): Promise<{ address: Address; letThrough(bytes: number): void }> {
  let left = Number.POSITIVE_INFINITY;
  const directory = await temporaryDirectory();
  const listener = createServer((client) => {
    const through = connect(`${server.host}/.s.PGSQL.${server.port}`);
    client.pipe(through);
    through.on("data", (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      client.write(passed);
    });
    for (const [one, other] of [
      [client, through],
      [through, client],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => listener.listen(`${directory}/.s.PGSQL.5432`, resolve));
  onTestFinished(() => void listener.close());
  return {
    address: { host: directory, port: 5432 },
    letThrough(bytes) {
      left = bytes;
    },
  };
}

/** Whether it is settled soon. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return await Promise.race([settled, delay(soonMs).then(() => false)]);
}

function freeze(pid: number): void {
  process.kill(pid, "SIGSTOP");
  onTestFinished(() => thaw(pid));
}

function thaw(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // It has ended.
  }
}

/** All processes at work in the data directory of a tablet. */
function processesOf(tablet: TestTablet): number[] {
  const { pid } = tablet.process as { pid: number };
  const parentOf = (child: string) => {
    try {
      const stat = readFileSync(`/proc/${child}/stat`, "latin1");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    } catch {
      return undefined;
    }
  };
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  return [pid, ...children.map(Number)];
}

test("a standby that is cut off acknowledges nothing more, though its replay is stuck", async () => {
  const [a, b] = await pair({ max_standby_streaming_delay: "-1", max_standby_archive_delay: "-1" });
  await a.ask("INSERT INTO written VALUES (1)");
  await b.catchUp(a);
  await a.setSynchronousStandbys(followers(1));
  // Replay waits for this query, and so would PostgreSQL with ending its receiver.
  const reader = await b.connect();
  const reading = reader.query("BEGIN; SELECT * FROM written; SELECT pg_sleep(600)");
  reading.catch(() => {});
  await eventually(
    async () => (await b.ask("SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'PgSleep'")) === 1,
  );
  await a.ask("ALTER TABLE written ADD COLUMN m int");
  await eventually(async () => (await b.look()).replayedLsn < (await b.look()).lsn);

  await b.follow(undefined);
  const writer = await a.connect();
  const writing = writer.query("INSERT INTO written VALUES (2)");
  writing.catch(() => {});
  expect(await isSettled(writing)).toBe(false);
  expect((await a.look()).standbys).toEqual([]);
  // And its replay is not held up any more.
  const seen = await b.see((now) => now.isAtEnd);
  expect(seen.lsn).toBeLessThan((await a.look()).lsn);
  await expect(reading).rejects.toMatchObject({ code: "57P01" });
});

test("a receiver that starts late, told of the old primary, does not find it", async () => {
  const [a, b] = await pair();
  const old = String(await b.ask("SHOW primary_conninfo"));
  expect(old).toBe("service=s1-0_1 dbname=postgres application_name=s1-1_1");
  await b.follow(undefined);
  await a.see((seen) => seen.standbys.length === 0);
  await b.ask(`ALTER SYSTEM SET primary_conninfo = '${old}'`);
  await b.ask("SELECT pg_reload_conf()");
  const log = () => readFileSync(`${b.directory}/postgresql.log`, "utf8");
  await eventually(() => log().includes('definition of service "s1-0_1" not found'));
  expect((await a.look()).standbys).toEqual([]);
  // What was set by ALTER SYSTEM has no say.
  await b.follow(a.upstream(1));
  await b.see((seen) => seen.receiver?.status === "streaming");
  expect(readFileSync(`${b.directory}/pgdata/postgresql.auto.conf`, "utf8")).not.toContain("primary_conninfo");
});

test("a standby whose replay is paused comes to its end when it is cut off", async () => {
  const [a, b] = await pair();
  await b.ask("SELECT pg_wal_replay_pause()");
  await a.ask("INSERT INTO written VALUES (1)");
  await eventually(async () => (await b.look()).lsn >= (await a.look()).lsn);
  await b.follow(undefined);
  await b.see((seen) => seen.isAtEnd);
  expect(await b.ask("SELECT count(*)::int FROM written")).toBe(1);
});

test("a standby that starts without upstream is at its end when it has replayed everything", async () => {
  const [a, b] = await pair();
  await a.ask("INSERT INTO written VALUES (1)");
  await eventually(async () => (await b.look()).lsn >= (await a.look()).lsn);
  const { lsn } = await a.look();
  await b.stop("kill");
  await b.start({ kind: "standby", upstream: undefined });
  expect((await b.see((seen) => seen.isAtEnd)).lsn).toBeGreaterThanOrEqual(lsn);
  expect(await b.ask("SELECT count(*)::int FROM written")).toBe(1);
});

test("a standby that has received half of a record is at its end in front of it", async () => {
  const tablet = await tabletsOf(postgresPrograms(18));
  const [a, b] = [await tablet("s1-0"), await tablet("s1-1")];
  await firstPrimary(a);
  await a.ask("CREATE TABLE written (n int)");
  const tap = await leakyTap(a.address);
  await b.clone(a.upstream(1), () => {}, new AbortController().signal);
  await b.start({ kind: "standby", upstream: { tablet: "s1-0", term: 1, address: tap.address } });
  await b.catchUp(a);
  const before = await a.look();
  tap.letThrough(3_000_000);
  await a.ask("SELECT pg_logical_emit_message(false, 'long', repeat('x', 8000000))");
  await eventually(async () => (await b.look()).lsn > before.lsn + 1_000_000);
  await b.follow(undefined);
  const seen = await b.see((now) => now.isAtEnd);
  expect(seen.lsn).toBe(seen.replayedLsn);
  expect(seen.lsn - before.lsn).toBeLessThan(100_000);
  await b.begin(2, undefined);
  expect((await b.look()).terms.at(-1)).toEqual({ term: 2, lsn: seen.lsn });
  await b.ask("INSERT INTO written VALUES (1)");
});

test("synchronous standbys are in force only when every WAL sender goes by them", async () => {
  const [a, b] = await pair();
  await a.setSynchronousStandbys(followers(1));
  const sender = Number(await a.ask("SELECT pid FROM pg_stat_replication"));
  freeze(sender);
  const changing = a.setSynchronousStandbys(followers(2));
  expect(await isSettled(changing)).toBe(false);
  thaw(sender);
  await changing;
  const writer = await a.connect();
  const writing = writer.query("INSERT INTO written VALUES (1)");
  writing.catch(() => {});
  // One has it; two are needed.
  const waiting = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  await eventually(async () => (await a.ask(waiting)) === 1);
  await b.catchUp(a);
  expect(await isSettled(writing)).toBe(false);
  await a.setSynchronousStandbys(followers(1));
  await writing;
});

test("synchronous standbys are in force only when the checkpointer has told all backends to wait", async () => {
  const [a] = await pair();
  const checkpointer = Number(await a.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"));
  freeze(checkpointer);
  const absent = { acknowledgements: 1, names: ["s1-9_1"] };
  const changing = a.setSynchronousStandbys(absent);
  expect(await isSettled(changing)).toBe(false);
  // Indeed nobody waits yet.
  await a.ask("INSERT INTO written VALUES (1)");
  thaw(checkpointer);
  await changing;
  const writer = await a.connect();
  const writing = writer.query("INSERT INTO written VALUES (2)");
  expect(await isSettled(writing)).toBe(false);
  await a.setSynchronousStandbys(undefined);
  await writing;
});

test("commits that wait through a change of the synchronous standbys are let go when it is over", async () => {
  // Else an acknowledgement comes now and then without being asked for.
  const [a] = await pair({ wal_receiver_status_interval: "3600", wal_sender_timeout: "0" });
  const writer = await a.connect();
  let isOver = false;
  let longestMs = 0;
  const writing = (async () => {
    while (!isOver) {
      const began = performance.now();
      await writer.query("INSERT INTO written VALUES (1)");
      longestMs = Math.max(longestMs, performance.now() - began);
    }
  })();
  for (let times = 0; times < 20; times++) {
    const names = ["s1-1_1", "s1-2_1"].slice(0, 1 + (times % 2));
    await a.setSynchronousStandbys({ acknowledgements: 1, names });
  }
  isOver = true;
  await writing;
  // One that is forgotten waits for the next WAL of somebody else, and this one is alone.
  expect(longestMs).toBeLessThan(5_000);
});

test("nobody writes, and nobody is acknowledged anything, before the WAL says the new term", async () => {
  const [a, b] = await pair();
  await a.ask("BEGIN; INSERT INTO written VALUES (1); PREPARE TRANSACTION 'prepared'");
  await b.catchUp(a);
  await a.stop("fast");
  await b.follow(undefined);
  const obedient = await b.connect();
  const insistent = await b.connect();
  const committer = await b.connect();
  const reader = await b.connect();
  await insistent.query("SET default_transaction_read_only = off");
  // As far as `promote` gets if it is broken off.
  await b.ask("SELECT pg_promote()");
  await expect(obedient.query("INSERT INTO written VALUES (2)")).rejects.toMatchObject({ code: "25006" });
  const writes = [insistent.query("INSERT INTO written VALUES (3)"), committer.query("COMMIT PREPARED 'prepared'")];
  const outcomes = Promise.all(
    writes.map((write) =>
      write.then(
        () => "acknowledged",
        (error) => error.message,
      ),
    ),
  );
  await eventually(async () => {
    return (await b.ask("SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'SyncRep'")) === 2;
  });
  expect((await b.look()).term).toBe(1);

  await b.begin(2, undefined);
  // PostgreSQL says nothing to who was waiting for standbys.
  expect(await outcomes).toEqual(Array(2).fill("Connection terminated unexpectedly"));
  expect((await b.look()).term).toBe(2);
  await obedient.query("INSERT INTO written VALUES (4)");
  await reader.query("SELECT * FROM written");
  await b.begin(2, undefined);
  await expect(b.begin(1, undefined)).rejects.toMatchObject({ code: "older-term" });
});

test("a frozen PostgreSQL does not answer, can be killed with all its processes, and starts again as it was", async () => {
  const [a] = await pair();
  await a.ask("INSERT INTO written VALUES (1)");
  const client = await a.connect();
  await client.query("SELECT 1");
  const processes = processesOf(a);
  expect(processes.length).toBeGreaterThan(5);
  for (const pid of processes) freeze(pid);
  await expect(a.observe(AbortSignal.timeout(soonMs))).rejects.toMatchObject({ code: "postgres-silent" });
  await expect(a.observe(AbortSignal.timeout(soonMs))).rejects.toMatchObject({ code: "postgres-silent" });
  await a.stop("kill");
  expect(processes.filter((pid) => processIdentity(pid) !== undefined)).toEqual([]);
  expect(a.process).toEqual({ kind: "stopped", how: "signal SIGKILL" });
  expect(await a.dataState()).toMatchObject({ state: "in-production" });
  await a.start({ kind: "primary", synchronous: undefined });
  expect(await a.look()).toMatchObject({ role: "primary", term: 1, timeline: 1 });
  expect(await a.ask("SELECT count(*)::int FROM written")).toBe(1);
});

test("a fast stop ends a PostgreSQL that does not take notice of it, too", { timeout: 90_000 }, async () => {
  const [a] = await pair();
  for (const pid of processesOf(a)) freeze(pid);
  await a.stop("immediate");
  expect(a.process).toEqual({ kind: "stopped", how: "signal SIGKILL" });
});

test("clients of a primary that stops are told so", async () => {
  const [a] = await pair();
  const client = new pg.Client({ ...a.address, user: "shardgres", database: "postgres", password: testPassword });
  await client.connect();
  const told = new Promise<unknown>((resolve) => client.on("error", resolve));
  await a.stop("fast");
  expect(await told).toMatchObject({ code: "57P01" });
});

test("what has been a standby starts as a primary by promotion only", async () => {
  const [a, b] = await pair();
  await b.stop("fast");
  expect(await b.dataState()).toMatchObject({ state: "shut-down-in-recovery" });
  await expect(b.start({ kind: "primary", synchronous: undefined })).rejects.toMatchObject({ code: "was-standby" });
  expect(b.process.kind).toBe("stopped");
  await b.remove();
  await b.clone(a.upstream(1), () => {}, new AbortController().signal);
  await expect(b.start({ kind: "primary", synchronous: undefined })).rejects.toMatchObject({ code: "was-standby" });
  await b.start({ kind: "standby", upstream: a.upstream(1) });
});

test("transactions of clients are counted, and the agents' own are not", async () => {
  const [a] = await pair();
  const client = await a.connect();
  await client.query("BEGIN");
  const { transactions } = await a.see((seen) => seen.transactions.oldestMs > 20);
  expect(transactions.open).toBe(1);
  await client.query("COMMIT");
  expect((await a.look()).transactions).toEqual({ open: 0, oldestMs: 0 });
  expect(standbyName("s1-0", 7)).toBe("s1-0_7");
});
