// A primary may show a commit that no standby has: PostgreSQL has crashed, or the session has been ended, while the commit
// waited for them. Nobody acts on such a record, and nobody is told of it, until a standby has acknowledged it.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { AdminConnections } from "../../src/pool/admin-connections.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName, Topology } from "../../src/topology/snapshot.ts";
import { closeOrigins } from "../../src/transaction/close-origins.ts";
import { finishPreparedNow } from "../../src/transaction/finish-prepared.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { ReplicatedCluster } from "../support/replicated-cluster.ts";

const database = "postgres";
const [s1, s2] = ["s1", "s2"] as ShardName[] as [ShardName, ShardName];

let cluster: ReplicatedCluster;
let topology: Topology;
let admin: AdminConnections;
let client: pg.Client;
let there: [pg.Client, pg.Client];
/** A key on each shard. */
let keys: number[];

beforeAll(async () => {
  // Only the first shard has to wait for its standby, which is the keeper's.
  const settings = { synchronous_commit: "on" };
  cluster = await ReplicatedCluster.start({ shards: 2, standbys: 1, settings });
  const first = await cluster.at("s1-0");
  await runAll(first, "alter system set synchronous_standby_names = '*'", "select pg_reload_conf()");
  client = await cluster.open();
  await runAll(client, "create table t (id int primary key, n int)", "select create_distributed_table('t', 'id')");
  await client.query("insert into t select n, 0 from generate_series(1, 20) n");
  await meet();
  keys = await Promise.all(there.map(async (shard) => Number((await rowsOf(shard, "select min(id) from t"))[0])));
  topology = await readTopology(cluster.store);
  admin = new AdminConnections(() => topology, undefined);
});

beforeEach(async () => {
  client = await cluster.open();
  await meet();
  await update(client, 0);
  // Both shards hear twice that it is finished: nothing else is written for a while.
  await delay(500);
});

afterEach(async () => {
  await findStandby();
  await eventually(async () => (await prepared()).length === 0);
});

afterAll(async () => {
  await admin?.close();
  await cluster?.stop();
});

async function meet(): Promise<void> {
  there = [await cluster.at("s1-0"), await cluster.at("s2-0")];
}

const update = (by: pg.Client, n: number) =>
  runAll(by, "begin", ...keys.map((key) => `update t set n = ${n} where id = ${key}`), "commit");
const prepared = () => rowsOf(there[1], "select gid from pg_prepared_xacts");

let isLost = false;
async function loseStandby(): Promise<void> {
  await cluster.server("s1-1").halt("immediate");
  isLost = true;
}

async function findStandby(): Promise<void> {
  if (isLost) await cluster.server("s1-1").start();
  isLost = false;
}

/** Until this statement waits on the first shard for the standby. */
async function seeWaiting(part: string): Promise<void> {
  await eventually(async () => {
    const sql = "select pid from pg_stat_activity where wait_event = 'SyncRep' and query ilike $1";
    return (await rowsOf(there[0], sql, [`%${part}%`])).length > 0;
  });
}

const endWaiting = () =>
  there[0].query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where wait_event = 'SyncRep'");

async function crash(): Promise<void> {
  await cluster.server("s1-0").restart("immediate");
  await meet();
}

/** Of work that goes on as long as the standby is away. */
async function staysOpen(work: Promise<unknown>, ms = 1_500): Promise<void> {
  const end = work.then(
    (value) => value,
    (error: unknown) => error,
  );
  expect(await Promise.race([end, delay(ms).then(() => "open")])).toBe("open");
}

describe.each([
  ["a session that is ended", endWaiting],
  ["a crash", crash],
])("after %s, a keeper's COMMIT that is not acknowledged", (_, strike) => {
  test("is no decision yet", { timeout: 60_000 }, async () => {
    await loseStandby();
    const committed = update(client, 1).then(
      () => "committed",
      (error: pg.DatabaseError) => error,
    );
    await seeWaiting("record_commit");
    const [gid] = await prepared();
    await strike();
    expect(await rowsOf(there[0], `select shardgres.transaction_status('${gid}')`)).toEqual(["committed"]);

    // A reader, whose patience comes to an end after it has asked for help; the gateway; whoever else asks.
    const reader = rowsOf(await cluster.open(), "select sum(n) from t");
    const deciding = rowsOf(await cluster.at("s1-0"), `select shardgres.decide('${gid}')`);
    const asking = rowsOf(await cluster.open(), `select shardgres.transaction_status('${gid}')`);
    await staysOpen(Promise.race([reader, deciding, asking]));
    expect(await committed).toMatchObject({ code: "08007", detail: `The global transaction id is ${gid}.` });
    expect(await prepared()).toEqual([gid]);

    await findStandby();
    expect(await deciding).toEqual(["committed"]);
    expect(await asking).toEqual(["committed"]);
    expect(await reader).toEqual(["2"]);
    await eventually(async () => (await prepared()).length === 0);
  });
});

test("who asks what has become of it is told after a while to ask later", { timeout: 60_000 }, async () => {
  await loseStandby();
  const gid = `sg_${topology.clusterId}_gone_1_1_s1`;
  const ask = client.query(`select shardgres.transaction_status('${gid}')`);
  await expect(ask).rejects.toMatchObject({ code: "57P03" });
  await client.query("set statement_timeout = '1s'");
  await expect(client.query(`select shardgres.transaction_status('${gid}')`)).rejects.toMatchObject({ code: "57014" });
});

test("nothing is closed because of it", { timeout: 60_000 }, async () => {
  const gid = `sg_${topology.clusterId}_gone_2_1_s1`;
  await loseStandby();
  const writer = await cluster.at("s1-0");
  const recordSql = `insert into shardgres.commits (origin, number, gid, participants, outcome)
    values ('gone_2', 1, '${gid}', '{}', 'committed')`;
  const recording = writer.query(recordSql).catch(() => {});
  await seeWaiting("gone_2");
  await endWaiting();
  await recording;
  const limits = { silentSeconds: 0, retireSeconds: 86_400, keepSeconds: 3_600 };
  const shards = [s1, s2];
  const closing = closeOrigins({ clusterId: topology.clusterId, database, shards, ask: admin.query, ...limits });
  await staysOpen(closing);
  const closed = () => rowsOf(there[1], "select closed from shardgres.origins where origin = 'gone_2'");
  expect(await closed()).toEqual([]);
  await findStandby();
  await closing;
  expect(await closed()).toEqual(["1"]);
});

test("a part that is not prepared any more has ended when that is acknowledged", { timeout: 60_000 }, async () => {
  const writer = await cluster.at("s1-0");
  await runAll(writer, "begin", "create table part ()", "prepare transaction 'part'");
  await loseStandby();
  const ending = writer.query("commit prepared 'part'").catch(() => {});
  await seeWaiting("commit prepared");
  await endWaiting();
  await ending;
  expect(await rowsOf(there[0], "select gid from pg_prepared_xacts")).toEqual([]);
  const finishing = finishPreparedNow(admin.query, s1, database, "part", "committed");
  await staysOpen(finishing);
  await findStandby();
  await finishing;
});
