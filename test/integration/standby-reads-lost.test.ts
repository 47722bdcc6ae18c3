// A read whose standby is lost, or breaks it off, is asked again elsewhere.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { ReplicatedCluster } from "../support/replicated-cluster.ts";

let cluster: ReplicatedCluster;
let client: pg.Client;
/** Behind the gateway's back. */
const direct = new Map<string, pg.Client>();

beforeAll(async () => {
  const settings = { max_standby_streaming_delay: "200ms", synchronous_commit: "on" };
  cluster = await ReplicatedCluster.start({ shards: 1, standbys: 2, settings });
  await Promise.all(["s1-1", "s1-2"].map(reconnect));
  await runAll(
    await cluster.open(),
    "create table item (id int primary key)",
    "create table home_item (id int primary key)",
    "create table first_item as select 1 as id",
    "select create_distributed_table('item', 'id')",
    "insert into item select n from generate_series(1, 20) n",
    "insert into home_item select n from generate_series(1, 20) n",
  );
});
beforeEach(async () => {
  client = await cluster.open();
});
afterEach(() => client.end());
afterAll(() => cluster?.stop());

const at = (tablet: string, sql: string) => rowsOf(direct.get(tablet)!, sql);

/** The tablets that answer the same question, asked several times. */
async function answering(): Promise<string[]> {
  const ports = new Set<string>();
  for (let i = 0; i < 8; i++) {
    ports.add((await rowsOf(client, "select current_setting('port') from home_item limit 1"))[0]!);
  }
  return [...cluster.servers].filter(([, { port }]) => ports.has(String(port))).map(([name]) => name);
}

/** Locks that somebody waits for. */
const waiting = async (name: string) => (await at(name, "select from pg_locks where not granted")).length;

/** A read of `what` that waits on a standby for the lock which `lock` has brought there. */
async function waitingRead(
  text: string,
  lock: string,
  values: unknown[] = [],
  begin = "",
): Promise<{ rows: Promise<string[]>; tablet: string; unlock(): Promise<void> }> {
  // Once before: what is asked about names and types is asked on the primary, and must not be what waits.
  await rowsOf(client, text, values);
  if (begin !== "") await client.query(begin);
  const locker = await cluster.at("s1-0");
  // Whatever has failed, nobody waits any more for what it has locked.
  onTestFinished(async () => {
    await locker.end();
    await eventually(async () => (await Promise.all(["s1-1", "s1-2"].map(waiting))).every((count) => count === 0));
  });
  await runAll(locker, "begin", lock);
  // Somebody else's commit takes the lock's record to the disk, and so to the standbys.
  const other = await cluster.at("s1-0");
  await other.query("select pg_logical_emit_message(true, 'test', '')");
  await other.end();
  for (const name of ["s1-1", "s1-2"]) {
    const held = "select from pg_locks where mode = 'AccessExclusiveLock' and relation is not null";
    await eventually(async () => (await at(name, held)).length > 0);
  }
  const rows = rowsOf(client, text, values);
  rows.catch(() => {});
  const tablet = await eventually(async () => {
    for (const name of ["s1-1", "s1-2"]) {
      if ((await waiting(name)) > 0) return name;
    }
    return undefined;
  });
  return {
    rows,
    tablet,
    async unlock() {
      await locker.query("commit");
    },
  };
}

describe("asked again elsewhere is a read whose standby", () => {
  beforeEach(async () => {
    await runAll(client, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '1h'");
    await eventually(async () => (await answering()).join() === "s1-1,s1-2");
  });

  const texts: [string, string, unknown[]][] = [
    ["simple protocol", "select count(*) from home_item", []],
    ["extended protocol", "select count(*) from home_item where id > $1", [0]],
    ["gather", "select (select count(*) from item) + (select count(*) from home_item) - 20", []],
  ];
  const text = "select count(*) from home_item";

  test("is lost", async () => {
    const { rows, tablet, unlock } = await waitingRead(text, "lock table home_item");
    await cluster.server(tablet).restart("immediate");
    await reconnect(tablet);
    await unlock();
    expect(await rows).toEqual(["20"]);
  });

  test.each(texts)("ends the connection: %s", async (_, sql, values) => {
    const { rows, tablet, unlock } = await waitingRead(sql, "lock table home_item", values);
    await at(tablet, "select pg_terminate_backend(pid) from pg_locks where not granted");
    await unlock();
    expect(await rows).toEqual(["20"]);
  });

  test("cancels it for the sake of recovery", async () => {
    const { rows, tablet, unlock } = await waitingRead(
      "select count(*) from first_item, home_item",
      "lock table home_item",
    );
    // Recovery wants a table that the waiting read has locked.
    await runAll(await cluster.at("s1-0"), "begin", "lock table first_item", "commit");
    const other = tablet === "s1-1" ? "s1-2" : "s1-1";
    await eventually(async () => (await waiting(other)) > 0);
    await unlock();
    expect(await rows).toEqual(["20"]);
  });

  test("but not within a transaction: there is no other one with its snapshot", async () => {
    const { rows, tablet, unlock } = await waitingRead(text, "lock table home_item", [], "begin read only");
    await at(tablet, "select pg_terminate_backend(pid) from pg_locks where not granted");
    await expect(rows).rejects.toMatchObject({ code: "57P01" });
    await unlock();
    await client.query("rollback");
    expect(await rowsOf(client, text)).toEqual(["20"]);
  });
});

async function reconnect(tablet: string): Promise<void> {
  await direct
    .get(tablet)
    ?.end()
    .catch(() => {});
  direct.set(tablet, await cluster.at(tablet));
}

test("SHOW tells which tablets there are, and what is known of those that have been read", async () => {
  await runAll(client, "set shardgres.read_from = standby");
  await eventually(async () => (await answering()).join() === "s1-1,s1-2");
  const tablets = await rowsOf(client, "show shardgres.tablets");
  const address = (name: string) => `127.0.0.1:${cluster.server(name).port}`;
  const known = tablets.map((row) => row.replace(/\|standby\|\d+\|/, "|standby|LAG|"));
  expect(known).toEqual([
    `s1|s1-0|primary|f|1|null|null|${address("s1-0")}|null`,
    `s1|s1-1|standby|f|1|standby|LAG|${address("s1-1")}|null`,
    `s1|s1-2|standby|f|1|standby|LAG|${address("s1-2")}|null`,
  ]);
  const [topology] = await rowsOf(client, "show shardgres.topology");
  expect(topology).toMatch(/^[0-9a-f-]{36}\|1\|1\|\d+$/);
  const query = "select tablet, state from shardgres_tablets where role = 'standby' order by tablet";
  expect(await rowsOf(client, query)).toEqual(["s1-1|standby", "s1-2|standby"]);
  // They are read anew each time.
  const age = "select age_ms from shardgres_topology";
  const first = await rowsOf(client, age);
  await eventually(async () => (await rowsOf(client, age))[0] !== first[0]);
});
