// `shardgres local --replicas`: shards with standbys, as a user starts, looks at, kills and switches them over.
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { getShard } from "../../src/topology/change-shard.ts";
import { shardName } from "../../src/topology/documents.ts";
import { localStore } from "../../src/topology/local-store.ts";
import type { Shard } from "../../src/topology/snapshot.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Launch, launch, processesIn } from "../support/launch.ts";
import { seededRandom } from "../support/random.ts";

let parent: string;
let dataDir: string;
let port: number;
let cluster: Launch;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "shardgres-replicas-"));
  await chmod(parent, 0o755);
  dataDir = join(parent, "data");
  port = await freePort();
});

afterAll(async () => {
  for (const pid of processesIn(parent).keys()) process.kill(pid, "SIGKILL");
  await rm(parent, { recursive: true, force: true, maxRetries: 3 });
});

const start = async (...args: string[]) => {
  cluster = launch(["local", "--data-dir", dataDir, "--port", String(port), ...args]);
  await cluster.until("Press Ctrl-C to stop.");
};

const shard = async (): Promise<Shard> =>
  (await getShard(localStore(join(dataDir, "topology")), shardName("s1"))).shard;

/** All of its standbys acknowledge. */
const settled = (standbys: number) =>
  eventually(async () => {
    const now = await shard();
    return now.cohort.standbys.length === standbys && !now.nextCohort && !now.switchover && now;
  });

test("a cluster without standbys gets some, and from then on commits wait for one of them", async () => {
  await start("--shards", "1");
  expect(cluster.printed()).toMatch(/^ {2}s1 {10}initialising ... ready/m);
  await query("CREATE TABLE kept (id bigint PRIMARY KEY)");
  await query("INSERT INTO kept VALUES (0)");
  expect(await shard()).toMatchObject({ durability: "none", term: 1, cohort: { acknowledgements: 0 } });
  await stop();
  await start("--replicas", "2");
  expect(cluster.printed()).toMatch(/^ {2}s1-1 {8}cloning ... ready/m);
  const { primary, durability, cohort } = await settled(2);
  expect([primary?.name, durability, cohort.acknowledgements]).toEqual(["s1-0", "one", 1]);
  const [standby] = await query("SHOW synchronous_standby_names", "s1-0");
  expect(standby?.synchronous_standby_names).toMatch(/^ANY 1 \(.*s1-[12]_1.*s1-[12]_1.*\)$/);
  await eventually(async () => (await query("SELECT id FROM kept", "s1-1")).length === 1);
});

test("a switchover is done by one command, and clients see no error", async () => {
  const load = startLoad();
  await load.written(50);
  const command = launch(["shards", "switchover", "--to", "s1-1", "--data-dir", dataDir]);
  expect(await command.exited, command.printed()).toBe(0);
  await load.written(50);
  await load.stop();
  expect(load.errors).toEqual([]);
  expect(await settled(2)).toMatchObject({ term: 2, primary: { name: "s1-1" } });
  expect((await query("SELECT count(*)::int AS n FROM kept"))[0]?.n).toBe(1 + load.count());
  await cluster.until("s1-1 is primary now, in term 2: ");
});

test("a primary that is killed with its agent is replaced or comes back, and nothing acknowledged is lost", async () => {
  const load = startLoad();
  await load.written(20);
  const pids = [await postmasterPid("s1-1"), agentPid("s1-1")];
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await load.written(50);
  await load.stop();
  await settled(2);
  await expectKept(load.acknowledged);
});

test("a frozen primary is replaced, and follows the new one when it thaws", async () => {
  const before = await shard();
  const old = before.primary!.name;
  const frozen = [...processesIn(join(dataDir, "tablets", old)).keys()];
  for (const pid of frozen) process.kill(pid, "SIGSTOP");
  const after = await eventually(async () => {
    const now = await shard();
    return now.term > before.term && now;
  });
  expect(after.primary!.name).not.toBe(old);
  expect(await query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  for (const pid of frozen) process.kill(pid, "SIGCONT");
  await eventually(async () => (await query("SELECT pg_is_in_recovery() AS is", old))[0]?.is === true);
  await settled(2);
});

test("status tells who is what, and why", async () => {
  const command = launch(["shards", "status", "--data-dir", dataDir]);
  await command.exited;
  expect(command.printed()).toMatch(/^ +s1-\d +primary/m);
  for (const name of ["s1-0", "s1-1", "s1-2"]) expect(command.printed()).toContain(name);
  for (const line of command.printed().split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  await stop();
});

test("whatever of it is killed, in whatever order, comes back, and nothing acknowledged is lost", async () => {
  await start("--durability", "zone");
  const load = startLoad();
  await load.written(20);
  const random = seededRandom(Number(process.env.SHARDGRES_SEED ?? 7));
  for (let i = 0; i < 10; i++) {
    const others = [...processesIn(dataDir)].filter(([pid]) => pid !== cluster.pid);
    const [pid] = random.pick(others.sort(([, a], [, b]) => (a < b ? -1 : 1)));
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended in the meantime.
    }
    await delay(random.below(1_500));
  }
  await load.written(20);
  await load.stop();
  const { cohort, primary, tablets, durability } = await settled(2);
  expect([durability, cohort.acknowledgements]).toEqual(["zone", 1]);
  expect(tablets.map(({ name, zone }) => `${name} ${zone}`).sort()).toEqual(["s1-0 z0", "s1-1 z1", "s1-2 z2"]);
  expect(cohort.standbys).not.toContain(primary!.name);
  await expectKept(load.acknowledged);
  await stop();
});

async function expectKept(acknowledged: readonly number[]): Promise<void> {
  const kept = new Set((await query("SELECT id FROM kept")).map(({ id }) => Number(id)));
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
}

async function stop(): Promise<void> {
  cluster.kill("SIGTERM");
  expect(await cluster.exited).toBe(0);
  expect([...processesIn(dataDir).values()]).toEqual([]);
}

let nextId = 1;

/** Clients that insert one row after the other through the gateway, and remember what was acknowledged. */
function startLoad() {
  const acknowledged: number[] = [];
  const errors: string[] = [];
  let isOver = false;
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
      client.on("error", () => {});
      try {
        await client.connect();
        while (!isOver) {
          const id = nextId++;
          await client.query("INSERT INTO kept VALUES ($1)", [id]);
          acknowledged.push(id);
        }
      } catch (error) {
        errors.push(String(error));
      } finally {
        await client.end().catch(() => {});
      }
    }
  });
  return {
    acknowledged,
    errors,
    count: () => acknowledged.length,
    async written(more: number) {
      const enough = acknowledged.length + more;
      await eventually(() => acknowledged.length >= enough);
    },
    async stop() {
      isOver = true;
      await Promise.all(clients);
    },
  };
}

/** Through the gateway, or of one tablet. */
async function query(sql: string, tablet?: string): Promise<Record<string, unknown>[]> {
  const at = tablet === undefined ? { host: "127.0.0.1", port } : await addressOf(tablet);
  const user = tablet === undefined ? "postgres" : "shardgres";
  const client = new pg.Client({ ...at, user, database: "postgres" });
  // Whoever asks a server that is about to be stopped is told by the query.
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function addressOf(tablet: string) {
  return (await shard()).tablets.find(({ name }) => name === tablet)!.address;
}

async function postmasterPid(tablet: string): Promise<number> {
  const text = await readFile(join(dataDir, "tablets", tablet, "pgdata", "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

function agentPid(tablet: string): number {
  const found = [...processesIn(dataDir)].find(
    ([, command]) => command.includes("tablet-agent/main.ts") && command.includes(`--tablet ${tablet} `),
  );
  if (!found) throw new Error(`there is no agent of ${tablet}`);
  return found[0];
}
