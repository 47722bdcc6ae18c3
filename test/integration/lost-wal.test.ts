// A failover with durability `none`: what the old primary had written last is lost, and it is told how much. Real processes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agentClient } from "../../src/agent-api/agent-client.ts";
import { tlsFilesIn } from "../../src/agent-api/tls-files.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { processesIn } from "../support/launch.ts";

let cluster: TestCluster;
let agents: ReturnType<typeof agentClient>;

beforeAll(async () => {
  cluster = await startCluster({ shards: 1, replicas: 1, durability: "none" });
  agents = agentClient({ tls: tlsFilesIn(join(cluster.dataDir, "certificates"), "admin") });
}, 120_000);

afterAll(async () => {
  agents?.close();
  await cluster?.stop();
});

const shard = async () => [...(await readTopology(localStore(join(cluster.dataDir, "topology")))).shards.values()][0]!;
const status = async (name: string) => {
  const { agent } = (await shard()).tablets.find((tablet) => tablet.name === name)!;
  return await agents.status({ shard: "s1", tablet: name, address: agent! });
};
const pidOf = (...words: string[]) => {
  const found = [...processesIn(cluster.dataDir)].find(([, command]) => words.every((word) => command.includes(word)));
  if (!found) throw new Error(`no process with ${words.join(", ")}`);
  return found[0];
};

test("the old primary says how much it has lost", { timeout: 120_000 }, async () => {
  await eventually(async () => (await status("s1-1")).ready.isGood);
  const { host, port } = (await shard()).primary!.address;
  const login = { user: "shardgres", password: cluster.adminPassword, database: "postgres" };
  const client = new pg.Client({ host, port, ...login });
  client.on("error", () => {});
  await client.connect();
  await client.query("create table written (n int)");
  await eventually(async () => (await status("s1-1")).lagBytes === 0);
  // Nothing reaches the standby any more, and nobody brings the primary back.
  const { rows } = await client.query("select pid from pg_stat_replication where state = 'streaming'");
  const agent = pidOf("tablet-agent/main.ts", "--tablet s1-0");
  const postmaster = Number(
    readFileSync(join(cluster.dataDir, "tablets", "s1-0", "pgdata", "postmaster.pid"), "utf8").split("\n")[0],
  );
  process.kill(rows[0].pid, "SIGSTOP");
  process.kill(agent, "SIGSTOP");
  await client.query("insert into written select generate_series(1, 1000)");
  process.kill(postmaster, "SIGKILL");
  process.kill(rows[0].pid, "SIGKILL");
  await eventually(async () => (await shard()).primary?.name === "s1-1");
  process.kill(agent, "SIGCONT");
  const after = await eventually(async () => {
    const found = await status("s1-0");
    return found.role === "standby" && found.ready.isGood && found;
  });
  // A thousand rows of 30 bytes and more.
  expect(after.lostBytes!.maybeAcknowledged).toBeGreaterThan(30_000);
  expect(after.lostBytes!.neverAcknowledged).toBe(0);
  const told = after.decisions.filter(({ decision }) => decision === "lose-wal");
  expect(told).toHaveLength(1);
  expect(told[0]!.reason).toMatch(
    /^\d+ bytes of WAL, written here as primary of term 1, are not in term 2: commits in/,
  );
  const lost = new pg.Client({ ...(await shard()).primary!.address, ...login });
  await lost.connect();
  expect((await lost.query("select count(*)::int as count from written")).rows).toEqual([{ count: 0 }]);
  await lost.end();
});
