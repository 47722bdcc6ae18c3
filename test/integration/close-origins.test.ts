// Closing what gateways that are gone have left open: on real shards, with the records that they would have left.
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { AdminConnections } from "../../src/pool/admin-connections.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName, Topology } from "../../src/topology/snapshot.ts";
import { closeOrigins } from "../../src/transaction/close-origins.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf } from "../support/cluster-clients.ts";
import { processesIn } from "../support/launch.ts";

const database = "postgres";

let cluster: TestCluster;
let clients: ClusterClients;
let topology: Topology;
let admin: AdminConnections;
let origin: string;
let origins = 0;

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  // The first client of a database makes the gateway make the schema.
  await clients.open();
  topology = await readTopology(localStore(join(cluster.dataDir, "topology")));
  admin = new AdminConnections(() => topology, cluster.adminPassword);
  // The cluster's own controller keeps out of it.
  for (const [pid, command] of processesIn(cluster.dataDir)) {
    if (command.includes("controller/main.ts")) process.kill(pid, "SIGSTOP");
  }
});

afterAll(async () => {
  await admin?.close();
  await clients?.end();
  await cluster?.stop();
});

beforeEach(() => {
  origin = `gone_${++origins}`;
});

const gidOf = (number: number, keeper = "s1") => `sg_${topology.clusterId}_${origin}_${number}_${keeper}`;

const recordSql = (number: number) =>
  `insert into shardgres.commits (origin, number, gid, participants, outcome)
   values ('${origin}', ${number}, '${gidOf(number)}', '{}', 'committed')`;

async function record(number: number, ...shards: string[]): Promise<void> {
  for (const shard of shards) await (await clients.shard(shard)).query(recordSql(number));
}

const announce = (closed: number) => clients.onShards(`select shardgres.announce('${origin}', ${closed})`);

function close({ silentSeconds = 0, keepSeconds = 3_600, retireSeconds = 86_400 } = {}) {
  const { clusterId, shards } = topology;
  const limits = { silentSeconds, keepSeconds, retireSeconds };
  return closeOrigins({ clusterId, database, shards: [...shards.keys()], ask: admin.query, ...limits });
}

const closed = () => clients.onShards(`select closed from shardgres.origins where origin = '${origin}'`);
const records = () =>
  clients.onShards(`select number, outcome from shardgres.commits where origin = '${origin}' order by number`);

test("what is finished is closed on all shards; places that were left free are taken first", async () => {
  await announce(4);
  await record(5, "s1", "s2");
  await record(7, "s2", "s3");
  expect(await close()).toEqual({ closed: 0, filled: 1 });
  expect(await records()).toEqual({
    s1: ["5|committed", "6|aborted"],
    s2: ["5|committed", "6|aborted", "7|committed"],
    s3: ["6|aborted", "7|committed"],
  });
  expect(await closed()).toEqual(clients.everywhere("4"));
  expect(await close()).toEqual({ closed: 1, filled: 0 });
  expect(await closed()).toEqual(clients.everywhere("7"));
  // A gateway that lives after all comes too late.
  await expect(record(6, "s1")).rejects.toMatchObject({ code: "23505" });
  expect(await close()).toEqual({ closed: 0, filled: 0 });
});

test("a gateway that has lately been heard of is left alone", async () => {
  await announce(4);
  await record(6, "s1", "s2");
  expect(await close({ silentSeconds: 60 })).toEqual({ closed: 0, filled: 0 });
  // Also when it has not announced anything yet.
  origin = `gone_${++origins}`;
  await record(2, "s1", "s2");
  expect(await close({ silentSeconds: 60 })).toEqual({ closed: 0, filled: 0 });
  expect(await records()).toEqual({ s1: ["2|committed"], s2: ["2|committed"], s3: [] });
});

test("nothing is closed while a part is prepared", async () => {
  await announce(0);
  await record(1, "s1");
  const participant = await clients.shard("s2");
  await participant.query(`begin; ${recordSql(1)}; prepare transaction '${gidOf(1)}'`);
  // Known by its prepared part only, and behind a gap.
  await participant.query(`begin; ${recordSql(3)}; prepare transaction '${gidOf(3, "s3")}'`);
  await close();
  expect(await records()).toMatchObject({ s1: ["1|committed", "2|aborted"], s3: ["2|aborted"] });
  await close();
  expect(await closed()).toEqual(clients.everywhere("0"));
  await participant.query(`commit prepared '${gidOf(1)}'`);
  await participant.query(`rollback prepared '${gidOf(3, "s3")}'`);
  await close();
  expect(await closed()).toEqual(clients.everywhere("2"));
});

test("a record that is just being written keeps its origin open, and no other", async () => {
  await announce(0);
  await record(2, "s1");
  const busy = await admin.connect("s2" as ShardName, database);
  onTestFinished(() => busy.end());
  await busy.query(`begin; ${recordSql(1)}`);
  const stuck = origin;
  origin = `gone_${++origins}`;
  await announce(0);
  await record(1, "s1", "s3");
  await expect(close()).rejects.toMatchObject({ code: "55P03" });
  expect(await closed()).toEqual(clients.everywhere("1"));
  origin = stuck;
  expect(await closed()).toEqual(clients.everywhere("0"));
  await busy.query("rollback");
  await close();
  await close();
  expect(await closed()).toEqual(clients.everywhere("2"));
  expect((await records()).s2).toEqual(["1|aborted"]);
});

test("old records go once all shards know that they are closed, and nobody takes them for new", async () => {
  await announce(0);
  await record(1, "s1", "s2");
  await record(2, "s1", "s3");
  await close({ keepSeconds: 0 });
  await close({ keepSeconds: 0 });
  expect(await records()).toEqual({ s1: [], s2: [], s3: [] });
  expect(await closed()).toEqual(clients.everywhere("2"));
  const status = `select shardgres.transaction_status('${gidOf(1)}')`;
  expect(await rowsOf(await clients.shard("s1"), status)).toEqual(["unknown"]);
});

test("records are kept while a shard does not know yet that they are closed", async () => {
  for (const shard of ["s1", "s2"])
    await (await clients.shard(shard)).query(`select shardgres.announce('${origin}', 0)`);
  await record(1, "s1", "s2");
  await (await clients.shard("s1")).query(`select shardgres.announce('${origin}', 1)`);
  // As long as the gateway lives, it is the one who says so.
  await close({ keepSeconds: 0, silentSeconds: 60 });
  expect(await records()).toEqual({ s1: ["1|committed"], s2: ["1|committed"], s3: [] });
  await (await clients.shard("s2")).query(`select shardgres.announce('${origin}', 1)`);
  await close({ keepSeconds: 0, silentSeconds: 60 });
  expect(await records()).toEqual({ s1: [], s2: [], s3: [] });
});

test("an origin of which nothing is left goes as well, in two steps; its gateway has to take another one", async () => {
  const limits = { keepSeconds: 0, retireSeconds: 0 };
  await announce(0);
  await record(1, "s1", "s2");
  await close({ keepSeconds: 0 });
  await close({ keepSeconds: 0 });
  const gid = gidOf(1);
  await close(limits);
  expect(await closed()).toEqual(clients.everywhere(String(Number.MAX_SAFE_INTEGER)));
  await expect(announce(2)).rejects.toMatchObject({ code: "55000" });
  const shard = await clients.shard("s1");
  expect(await rowsOf(shard, `select shardgres.transaction_status('${gid}')`)).toEqual(["unknown"]);
  expect(await rowsOf(shard, `select shardgres.decide('${gid}')`)).toEqual(["unknown"]);
  await close(limits);
  expect(await closed()).toEqual(clients.everywhere());
  expect(await rowsOf(shard, `select shardgres.transaction_status('${gid}')`)).toEqual(["unknown"]);
});
