// Deadlocks that no shard can see by itself: sessions that wait for each other in circles over several shards, through
// one gateway and through two.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { seededRandom } from "../support/random.ts";
import { type SecondGateway, startSecondGateway } from "../support/second-gateway.ts";

const shardCount = 5;
const deadlockTimeoutMs = 1_000;
/** Within a second of deadlock_timeout, and some room for a machine that has other things to do. */
const foundWithinMs = deadlockTimeoutMs + 1_000 + 1_000;

let cluster: TestCluster;
let clients: ClusterClients;
let second: SecondGateway;
let setup: pg.Client;
/** Keys of `item`, by shard. */
let keys: number[][];
let sessions: pg.Client[] = [];

beforeAll(async () => {
  cluster = await startCluster({ shards: shardCount });
  clients = new ClusterClients(cluster, shardCount);
  second = await startSecondGateway(cluster);
  setup = await clients.open();
  await runAll(
    setup,
    "create table item (id int primary key, n int not null default 0)",
    "create table big (id int primary key, filler text)",
    "create table small (id int primary key, v int)",
    "create table plain (n int)",
    "create table other_plain (n int)",
    "select create_distributed_table('item', 'id')",
    "select create_distributed_table('big', 'id')",
    "select create_distributed_table('small', 'id')",
    "insert into item (id) select n from generate_series(1, 200) n",
  );
  keys = await clients.keysByShard("item", "id");
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.end()));
  sessions = [];
});
afterAll(async () => {
  await clients?.end();
  await second?.stop();
  await cluster?.stop();
});

/** Sessions for this test, on these gateways in turn. */
async function open(count: number, ports: readonly number[] = [cluster.port]): Promise<pg.Client[]> {
  for (let i = 0; i < count; i++) {
    sessions.push(await clients.open({ port: ports[i % ports.length]! }));
  }
  return sessions.slice(-count);
}

const raise = (key: number) => `update item set n = n + 1 where id = ${key}`;

interface Outcome {
  readonly session: number;
  readonly error: pg.DatabaseError | undefined;
  readonly afterMs: number;
}

/**
 * Everybody takes a row, then wants that of the next one; `begin` says in which order they begin. Whoever gets both rows
 * commits; whoever does not rolls back.
 */
async function ring(
  members: readonly pg.Client[],
  rows: readonly number[],
  begin: readonly number[],
): Promise<readonly Outcome[]> {
  for (const i of begin) await members[i]!.query("begin");
  for (const [i, member] of members.entries()) await member.query(raise(rows[i]!));
  const closed = performance.now();
  return Promise.all(
    members.map(async (member, session): Promise<Outcome> => {
      let error: pg.DatabaseError | undefined;
      // Half of them by the extended protocol.
      const wanted = rows[(session + 1) % rows.length]!;
      const request =
        session % 2 === 0
          ? member.query(raise(wanted))
          : member.query("update item set n = n + 1 where id = $1", [wanted]);
      await request.catch((reason: pg.DatabaseError) => {
        error = reason;
      });
      const afterMs = performance.now() - closed;
      await member.query(error === undefined ? "commit" : "rollback");
      return { session, error, afterMs };
    }),
  );
}

const waitLine =
  /^Process (\d+) waits for (\w+Lock) on (transaction \d+|tuple \(\d+,\d+\) of relation \d+ of database \d+|relation \d+ of database \d+); blocked by process (\d+)\. \(shard (s\d)\)$/;

/** The waits that the error tells of: the shard of each. */
function shardsOfDetail(error: pg.DatabaseError): string[] {
  return (error.detail ?? "").split("\n").map((line) => {
    const match = waitLine.exec(line);
    if (match === null) throw new Error(`not a line of PostgreSQL's report: ${line}`);
    return match[5]!;
  });
}

function expectDeadlock(error: pg.DatabaseError | undefined): asserts error is pg.DatabaseError {
  expect(error).toMatchObject({
    code: "40P01",
    severity: "ERROR",
    message: "deadlock detected",
    hint: "See server log for query details.",
  });
}

/** `n` of all rows, as the shards have them. */
async function total(): Promise<number> {
  const sums = await clients.onShards("select coalesce(sum(n), 0) from item");
  return Object.values(sums).reduce((sum, [value]) => sum + Number(value), 0);
}

describe("a circle of sessions that wait for rows", () => {
  const rings: readonly { members: number; shards: number; youngest: number }[] = [
    { members: 2, shards: 2, youngest: 1 },
    { members: 2, shards: 2, youngest: 0 },
    { members: 3, shards: 2, youngest: 2 },
    { members: 3, shards: 3, youngest: 1 },
    { members: 5, shards: 2, youngest: 2 },
    { members: 5, shards: 4, youngest: 4 },
    { members: 5, shards: 5, youngest: 0 },
  ];
  const cases = [1, 2].flatMap((gateways) => rings.map((shape) => ({ ...shape, gateways })));

  test.each(cases)(
    "$members sessions over $shards shards through $gateways gateway(s)",
    async ({ members: count, shards, youngest, gateways }) => {
      const before = await total();
      const members = await open(count, [cluster.port, second.port].slice(0, gateways));
      const rows = members.map((_, i) => keys[i % shards]![i]!);
      const begin = [...members.keys()].filter((i) => i !== youngest);
      const outcomes = await ring(members, rows, [...begin, youngest]);

      const victims = outcomes.filter(({ error }) => error !== undefined);
      expect(victims.map(({ session }) => session)).toEqual([youngest]);
      const { error, afterMs } = victims[0]!;
      expectDeadlock(error);
      expect(afterMs).toBeLessThan(foundWithinMs);
      expect(error.where).toMatch(/^while updating tuple \(\d+,\d+\) in relation "item"$/);
      // From the victim on, each wait on the shard of the row that is waited for.
      expect(shardsOfDetail(error)).toEqual(members.map((_, i) => `s${(((youngest + i + 1) % count) % shards) + 1}`));
      // The others have done all they wanted, and the victim nothing.
      expect((await total()) - before).toBe(2 * (count - 1));
      // Its session works on.
      const victim = members[youngest]!;
      await runAll(victim, "begin", raise(rows[0]!), raise(rows[1]!), "commit");
      expect((await total()) - before).toBe(2 * count);
    },
  );
});

describe("the victim", () => {
  test("goes on from a savepoint", async () => {
    const [a, b] = (await open(2)) as [pg.Client, pg.Client];
    const [x, y, z] = [keys[0]![0]!, keys[1]![0]!, keys[2]![0]!];
    await runAll(a, "begin", raise(x));
    await runAll(b, "begin", raise(z), "savepoint s", raise(y));
    const blocked = a.query(raise(y));
    const error = await b.query(raise(x)).catch((reason: pg.DatabaseError) => reason);
    expectDeadlock(error as pg.DatabaseError);
    await expect(b.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    await b.query("rollback to savepoint s");
    await blocked;
    await a.query("commit");
    await runAll(b, raise(x), "commit");
  });

  test("holds up nobody, also where its client does nothing about it", async () => {
    const [a, b, c] = (await open(3)) as [pg.Client, pg.Client, pg.Client];
    const [x, y, z] = [keys[0]![2]!, keys[1]![3]!, keys[2]![3]!];
    await runAll(a, "begin", raise(x));
    await runAll(b, "begin", raise(y), raise(z));
    const blocked = a.query(raise(y));
    await expect(b.query(raise(x))).rejects.toMatchObject({ code: "40P01" });
    await blocked;
    await runAll(a, raise(z), "commit");
    await runAll(c, "begin", raise(x), raise(y), raise(z), "commit");
    await expect(b.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    expect((await b.query("commit")).command).toBe("ROLLBACK");
  });

  test("gives way also while it waits on several shards at once", async () => {
    const [a, b] = (await open(2)) as [pg.Client, pg.Client];
    const own = keys[2]![1]!;
    const wanted = [keys[0]![1]!, keys[1]![1]!];
    await runAll(a, "begin", ...wanted.map(raise));
    await runAll(b, "begin", raise(own));
    const blocked = b.query(`update item set n = n + 1 where id in (${wanted.join(", ")})`);
    const refused = expect(blocked).rejects.toMatchObject({ code: "40P01" });
    const granted = a.query(raise(own));
    await refused;
    await b.query("rollback");
    await granted;
    await a.query("commit");
    await runAll(b, "begin", ...wanted.map(raise), raise(own), "commit");
  });
});

test("a client that has gone to a shard by itself closes the circle, but is not the victim", async () => {
  const [a, b] = (await open(2, [cluster.port, second.port])) as [pg.Client, pg.Client];
  const login = { user: "shardgres", password: cluster.adminPassword, options: "-c search_path=public" };
  const stranger = await clients.open({ ...(await cluster.shardAddress("s1")), ...login });
  const [ofB, ofStranger, ofA] = [keys[0]![4]!, keys[0]![5]!, keys[1]![4]!];
  await runAll(a, "begin", raise(ofA));
  await runAll(b, "begin", raise(ofB));
  await runAll(stranger, "begin", raise(ofStranger));
  const ends = stranger.query(raise(ofB));
  const blocked = a.query(raise(ofStranger));
  const error = await b.query(raise(ofA)).catch((reason: pg.DatabaseError) => reason);
  expectDeadlock(error as pg.DatabaseError);
  expect(shardsOfDetail(error as pg.DatabaseError)).toEqual(["s2", "s1", "s1"]);
  await ends;
  await stranger.query("commit");
  await blocked;
  await runAll(a, "commit");
});

test("sessions that take rows in any order all come to an end, and only deadlocks stop them", async () => {
  await setDeadlockTimeout("100ms");
  const before = await total();
  const members = await open(16, [cluster.port, second.port]);
  const pick = seededRandom(7);
  const rows = keys.flatMap((ofShard) => ofShard.slice(20, 22));
  const until = performance.now() + (process.env.SHARDGRES_LONG === undefined ? 4_000 : 120_000);
  let committed = 0;
  const errors: string[] = [];
  await Promise.all(
    members.map(async (member) => {
      while (performance.now() < until) {
        await member.query("begin");
        try {
          for (let i = 0; i < 3; i++) await member.query(raise(pick.pick(rows)));
          await member.query("commit");
          committed++;
        } catch (error) {
          errors.push((error as pg.DatabaseError).code ?? String(error));
          await member.query("rollback");
        }
      }
    }),
  );
  await setDeadlockTimeout(undefined);
  expect(new Set(errors)).toEqual(new Set(["40P01"]));
  expect((await total()) - before).toBe(3 * committed);
});

describe("tables", () => {
  test("a table's lock on the home shard and a row on another", async () => {
    const [a, b] = (await open(2, [cluster.port, second.port])) as [pg.Client, pg.Client];
    const row = keys[3]![0]!;
    await runAll(a, "begin", "lock table plain");
    await runAll(b, "begin", raise(row));
    const blocked = a.query(raise(row));
    const begun = performance.now();
    const error = await b.query("lock table plain").catch((reason: pg.DatabaseError) => reason);
    expectDeadlock(error as pg.DatabaseError);
    expect(performance.now() - begun).toBeLessThan(foundWithinMs);
    expect((error as pg.DatabaseError).detail).toMatch(
      /^Process \d+ waits for AccessExclusiveLock on relation \d+ of database \d+; blocked by process \d+\. \(shard s1\)\n/,
    );
    await b.query("rollback");
    await blocked;
    await a.query("commit");
  });

  test("DDL on all shards and a row of one of them", async () => {
    const [a, b] = (await open(2)) as [pg.Client, pg.Client];
    await runAll(a, "begin", "lock table other_plain");
    await runAll(b, "begin", `select n from item where id = ${keys[1]![2]!}`);
    const blocked = a.query("alter table item add column extra int");
    const error = await b.query("lock table other_plain").catch((reason: pg.DatabaseError) => reason);
    expectDeadlock(error as pg.DatabaseError);
    await b.query("rollback");
    await blocked;
    await a.query("rollback");
  });

  test("a read without a transaction, one shard of which holds up the others", async () => {
    const query = "select id, filler, v from big join small using (id) order by id";
    const [reader, locker] = (await open(2)) as [pg.Client, pg.Client];
    // From now on the gateway knows its columns, and need not ask the first shard for them.
    await reader.query(query);
    // On s2 more than all buffers between it and the gateway take.
    await runAll(
      setup,
      "insert into small select n, n from generate_series(1, 200) n",
      "insert into big select n, 'small' from generate_series(1, 200) n",
      `update big set filler = repeat('large', 100000) where id in (${keys[1]!.join(", ")})`,
    );
    const login = { user: "shardgres", password: cluster.adminPassword };
    const direct = await clients.open({ ...(await cluster.shardAddress("s1")), ...login });
    await locker.query("begin");
    await runAll(direct, "begin", "lock table public.big");
    // On s1 it waits for `big`; s2 has both tables, and more rows than the gateway takes before s1's come.
    const read = reader.query(query);
    const refused = expect(read).rejects.toMatchObject({ code: "40P01", message: "deadlock detected" });
    const s2 = await clients.shard("s2");
    await eventually(async () => (await rowsOf(s2, isSending))[0] === "1");
    // On s1 it gets the lock; on s2 it waits for the reader.
    const locked = locker.query("lock table small");
    await eventually(async () => (await rowsOf(s2, "select 1 from pg_locks where not granted"))[0] === "1");
    await direct.query("commit");
    await refused;
    await locked;
    await locker.query("rollback");
    expect(await rowsOf(reader, "select count(*) from big join small using (id)")).toEqual(["200"]);
  });
});

const isSending =
  "select 1 from pg_stat_activity where wait_event = 'ClientWrite' and query ilike 'select id, filler%' limit 1";

describe("what is no deadlock", () => {
  afterAll(async () => {
    await setDeadlockTimeout(undefined);
  });

  test("waiting long in a chain over shards", async () => {
    const members = await open(4, [cluster.port, second.port]);
    const rows = members.map((_, i) => keys[i]![3]!);
    for (const [i, member] of members.entries()) await runAll(member, "begin", raise(rows[i]!));
    const waiting = members.slice(1).map((member, i) => member.query(raise(rows[i]!)));
    await delay(2 * deadlockTimeoutMs);
    for (const [i, member] of members.entries()) {
      if (i > 0) await waiting[i - 1];
      await member.query("commit");
    }
  });

  test("a thousand waits in queues for hot rows, each longer than deadlock_timeout", async () => {
    const timeoutMs = 60;
    await setDeadlockTimeout(`${timeoutMs}ms`);
    const wanted = process.env.SHARDGRES_LONG === undefined ? 1_000 : 10_000;
    const members = await open(60, [cluster.port, second.port]);
    const pick = seededRandom(4);
    // Rows are always taken in the order of this list, from shard to shard and back: nobody can wait in a circle.
    const hot = [0, 1, 2, 3].flatMap((n) => keys.map((ofShard) => ofShard[10 + n]!));
    const home = await clients.shard("s1");
    let longWaits = 0;
    let published = 0;
    await Promise.all([
      ...members.map(async (member) => {
        while (longWaits < wanted) {
          const first = pick.below(shardCount);
          const after = first + 1 + pick.below(hot.length - first - 1);
          await member.query("begin");
          for (const row of [hot[first]!, hot[after]!]) {
            const begun = performance.now();
            await member.query(raise(row));
            if (performance.now() - begun > timeoutMs) longWaits++;
          }
          await delay(10);
          await member.query("commit");
        }
      }),
      (async () => {
        while (longWaits < wanted) {
          // There is no such table before a gateway has something to publish.
          const [count = "0"] = await rowsOf(home, publishedSql).catch(() => []);
          published = Math.max(published, Number(count));
          await delay(50);
        }
      })(),
    ]);
    expect(longWaits).toBeGreaterThanOrEqual(wanted);
    // The gateways did look at them.
    expect(published).toBeGreaterThan(10);
  });
});

const publishedSql = "select coalesce(sum(jsonb_array_length(actors)), 0) from shardgres.waits";

/** On all shards; undefined: PostgreSQL's own. Gateways hear of it a little later. */
async function setDeadlockTimeout(value: string | undefined): Promise<void> {
  for (const name of clients.shardNames) {
    const shard = await clients.shard(name);
    await shard.query(
      value === undefined ? "alter system reset deadlock_timeout" : `alter system set deadlock_timeout = '${value}'`,
    );
    await shard.query("select pg_reload_conf()");
  }
}
