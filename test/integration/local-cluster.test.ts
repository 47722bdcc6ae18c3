// `shardgres local` with real processes: starting, stopping, killing what is not supposed to die, and being told clearly
// what is wrong.
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { ShardName } from "../../src/topology/snapshot.ts";
import { startCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Launch, launch, processesIn } from "../support/launch.ts";

let parent: string;
let dataDir: string;
let port: number;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "shardgres-local-"));
  // The servers run as another user when the tests run as root.
  await chmod(parent, 0o755);
  dataDir = join(parent, "data");
  port = await freePort();
});

afterAll(async () => {
  for (const pid of processesIn(parent).keys()) process.kill(pid, "SIGKILL");
  await rm(parent, { recursive: true, force: true, maxRetries: 3 });
});

const local = (...args: string[]) => launch(["local", "--data-dir", dataDir, "--port", String(port), ...args]);
const started = async (cluster: Launch) => {
  await cluster.until("Press Ctrl-C to stop.");
  return cluster;
};
const stop = async (cluster: Launch) => {
  cluster.kill("SIGTERM");
  expect(await cluster.exited).toBe(0);
  expect([...processesIn(dataDir).values()]).toEqual([]);
};

describe("one cluster, in the order of its life", () => {
  let cluster: Launch;

  test("it starts, says how to connect, and SIGTERM leaves no process", async () => {
    cluster = await started(local("--shards", "2"));
    expect(cluster.printed()).toMatch(/^shardgres local: 2 shards, PostgreSQL \d+\.\d+, data in \S+\n/);
    expect(cluster.printed()).toMatch(/^ {2}s1 {10}initialising ... ready \(\d+\.\d s\)$/m);
    expect(cluster.printed()).toContain(`\n  psql -h 127.0.0.1 -p ${port} -U postgres postgres\n`);
    expect(await query({ host: "127.0.0.1", port }, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    for (const shard of ["s1", "s2"]) {
      expect(await onShard(shard, "CREATE TABLE kept (shard text)")).toEqual([]);
      await onShard(shard, `INSERT INTO kept VALUES ('${shard}')`);
    }
    await stop(cluster);
  });

  test("it starts again with its data, the settings that shards need, and both superusers", async () => {
    cluster = await started(local());
    expect(await onShard("s2", "SELECT * FROM kept")).toEqual([{ shard: "s2" }]);
    const settings =
      "max_prepared_transactions max_connections wal_level listen_addresses data_checksums server_encoding";
    const [row] = await onShard(
      "s1",
      `SELECT ${settings.split(" ").map((name) => `current_setting('${name}') AS ${name}`)}`,
    );
    expect(row).toEqual({
      max_prepared_transactions: "200",
      max_connections: "300",
      wal_level: "logical",
      listen_addresses: "",
      data_checksums: "on",
      server_encoding: "UTF8",
    });
    expect(await onShard("s1", "SELECT 'Z' < 'a' AS c, 'é' < 'ü' AS d, lower('É') AS l")).toEqual([
      { c: true, d: true, l: "é" },
    ]);
    const roles = await onShard("s1", "SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY 1");
    expect(roles).toEqual([{ rolname: "postgres" }, { rolname: "shardgres" }]);
  });

  test("a second launcher is told that the cluster runs, and does no harm", async () => {
    const second = local();
    expect(await second.exited).toBe(1);
    expect(second.printed()).toContain(
      `error: a cluster is running in ${dataDir} already (process ${cluster.pid})\nhint: `,
    );
    const reset = local("--reset");
    expect(await reset.exited).toBe(1);
    expect(await onShard("s1", "SELECT * FROM kept")).toEqual([{ shard: "s1" }]);
  });

  test("a killed PostgreSQL is started again", async () => {
    const pid = await postmasterPid("s1");
    process.kill(pid, "SIGKILL");
    await cluster.until("s1: PostgreSQL has ended by itself (signal SIGKILL); starting it again");
    await cluster.until("s1 is running again");
    expect(await postmasterPid("s1")).not.toBe(pid);
    expect(await onShard("s1", "SELECT * FROM kept")).toEqual([{ shard: "s1" }]);
  });

  test("a killed tablet agent is started again, with a PostgreSQL that is its own", async () => {
    const pid = await postmasterPid("s2");
    process.kill(processWith("tablet-agent/main.ts", "--shard s2"), "SIGKILL");
    await cluster.until("s2: the tablet agent has ended (signal SIGKILL); starting it again");
    await cluster.until("s2 is running again");
    expect(await postmasterPid("s2")).not.toBe(pid);
    expect(processesIn(dataDir).get(pid)).toBeUndefined();
    expect(await onShard("s2", "SELECT * FROM kept")).toEqual([{ shard: "s2" }]);
  });

  test("a killed gateway is started again, on the same port", async () => {
    process.kill(processWith("gateway/main.ts"), "SIGKILL");
    await cluster.until("gateway is running again");
    expect(await query({ host: "127.0.0.1", port }, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("a killed controller is started again, on the same port", async () => {
    const metrics = await controllerPort();
    process.kill(processWith("controller/main.ts"), "SIGKILL");
    await cluster.until("controller is running again");
    const response = await fetch(`http://127.0.0.1:${metrics}/metrics`);
    expect(await response.text()).toContain("\nshardgres_controller_active ");
  });

  test("when the launcher is killed, everything stops by itself, and the next start goes on", async () => {
    cluster.kill("SIGKILL");
    // At once, while the others are still on their way out.
    cluster = await started(local());
    expect(await onShard("s2", "SELECT * FROM kept")).toEqual([{ shard: "s2" }]);
    cluster.kill("SIGKILL");
    await eventually(() => processesIn(dataDir).size === 0);
  });

  test("when the agents are killed as well, the next start ends the PostgreSQL servers that they left", async () => {
    cluster = await started(local());
    const pids = [await postmasterPid("s1"), await postmasterPid("s2")];
    // Stopped first, so that nobody has time to clean up.
    const all = [cluster.pid, processWith("tablet-agent/main.ts", "s1"), processWith("tablet-agent/main.ts", "s2")];
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) for (const pid of all) process.kill(pid, signal);
    expect(pids.map((pid) => processesIn(dataDir).has(pid))).toEqual([true, true]);
    cluster = await started(local());
    expect(pids.map((pid) => processesIn(dataDir).has(pid))).toEqual([false, false]);
    expect(await onShard("s1", "SELECT * FROM kept")).toEqual([{ shard: "s1" }]);
    await stop(cluster);
  });

  test("a data directory of another version is refused with both versions and what to do", async () => {
    const file = join(dataDir, "tablets", "s2-0", "pgdata", "PG_VERSION");
    const version = await readFile(file, "utf8");
    await writeFile(file, "9\n");
    const attempt = local();
    expect(await attempt.exited).toBe(1);
    expect(attempt.printed()).toMatch(
      /^error: s2: \S+\/s2-0\/pgdata was made by PostgreSQL 9 and cannot be used by PostgreSQL \d+\.\d+\nhint: .*--pg-bin/m,
    );
    expect([...processesIn(dataDir).values()]).toEqual([]);
    await writeFile(file, version);
  });

  test("a shard whose data is gone is not made anew as if nothing had been", async () => {
    const pgdata = join(dataDir, "tablets", "s2-0", "pgdata");
    await rename(pgdata, `${pgdata}.away`);
    const attempt = local();
    expect(await attempt.exited).toBe(1);
    expect(attempt.printed()).toMatch(
      /^error: s2: \S+\/s2-0\/pgdata is gone, and no other tablet has its data\nhint: .*--reset/m,
    );
    await rename(`${pgdata}.away`, pgdata);
    cluster = await started(local());
    expect(await onShard("s2", "SELECT * FROM kept")).toEqual([{ shard: "s2" }]);
  });

  test("--reset ends what was left running, deletes the cluster and makes a new one", async () => {
    const { clusterId } = await topology();
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
      for (const pid of [cluster.pid, processWith("tablet-agent/main.ts", "s1")]) process.kill(pid, signal);
    }
    cluster = await started(local("--reset", "--shards", "1"));
    expect((await topology()).clusterId).not.toBe(clusterId);
    expect(await readdir(join(dataDir, "tablets"))).toEqual(["s1-0"]);
    await expect(onShard("s1", "SELECT * FROM kept")).rejects.toThrow('relation "kept" does not exist');
    await stop(cluster);
  });

  test("options that do not fit the cluster are refused, and nothing is started", async () => {
    const shards = local("--shards", "3");
    expect(await shards.exited).toBe(1);
    expect(shards.printed()).toContain(`error: the cluster in ${dataDir} has 1 shard, not 3\nhint: `);
    const auth = local("--auth", "scram-sha-256");
    expect(await auth.exited).toBe(1);
    expect(auth.printed()).toContain(`error: the cluster in ${dataDir} was made with --auth trust\nhint: `);
  });

  test("a port in use is found out before anything is started", async () => {
    const server = createServer().listen(port, "127.0.0.1");
    const attempt = local();
    expect(await attempt.exited).toBe(1);
    expect(attempt.printed()).toBe(
      `error: port ${port} of 127.0.0.1 is in use\nhint: Stop what listens there, or use another port: --port ${port + 1}\n`,
    );
    server.close();
  });

  test("so is one for metrics", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const taken = (server.address() as AddressInfo).port;
    const attempt = local("--metrics-port", String(taken));
    expect(await attempt.exited).toBe(1);
    expect(attempt.printed()).toMatch(
      new RegExp(`^error: port ${taken} of 127.0.0.1 is in use\nhint: .*--metrics-port \\d+\n$`),
    );
    server.close();
  });

  test("Ctrl-C while it starts stops it as well", async () => {
    const attempt = local();
    await attempt.until("shardgres local: 1 shard,");
    attempt.kill("SIGINT");
    expect(await attempt.exited).toBe(130);
    expect([...processesIn(dataDir).values()]).toEqual([]);
  });
});

test("a cluster whose first start is cut short is made at the next one", async () => {
  const data = join(parent, "cut-short");
  const own = String(await freePort());
  const first = launch(["local", "--data-dir", data, "--port", own, "--shards", "1"]);
  const tablet = join(data, "tablets", "s1-0");
  const unfinished = async () => (await readdir(tablet)).some((name) => name.startsWith("pgdata.new-"));
  await eventually(unfinished);
  for (const pid of processesIn(data).keys()) process.kill(pid, "SIGKILL");
  await first.exited;
  expect((await readdir(tablet)).filter((name) => name.startsWith("pgdata"))).toEqual([
    expect.stringMatching(/^pgdata\.new-/),
  ]);
  const second = await started(launch(["local", "--data-dir", data, "--port", own]));
  expect(second.printed()).toMatch(/^ {2}s1 {10}initialising ... ready/m);
  expect((await readdir(tablet)).filter((name) => name.startsWith("pgdata"))).toEqual(["pgdata"]);
  second.kill("SIGTERM");
  expect(await second.exited).toBe(0);
});

test("--reset does not touch a directory that is something else", async () => {
  const other = join(parent, "other");
  await mkdir(other);
  await writeFile(join(other, "thesis.txt"), "precious");
  const attempt = launch(["local", "--data-dir", other, "--reset"]);
  expect(await attempt.exited).toBe(1);
  expect(attempt.printed()).toContain(`error: ${other} is not empty and not a data directory of Shardgres\n`);
  expect(await readdir(other)).toEqual(["thesis.txt"]);
});

test.runIf(process.getuid?.() === 0)("a directory that the servers' user cannot enter is named", async () => {
  const closed = join(parent, "closed");
  await mkdir(closed, { mode: 0o700 });
  const attempt = launch(["local", "--data-dir", join(closed, "data")]);
  expect(await attempt.exited).toBe(1);
  expect(attempt.printed()).toMatch(
    new RegExp(`^error: PostgreSQL runs as user \\w+, who cannot enter ${closed}\nhint: .*--data-dir /var/tmp/`),
  );
  expect(await readdir(closed)).toEqual([]);
});

test("with scram-sha-256 clients need the password, and all shards have the same verifiers", async () => {
  const cluster = await startCluster({ shards: 2, authentication: "scram-sha-256", postgresPassword: "päss" });
  try {
    const gateway = { host: "127.0.0.1", port: cluster.port };
    expect(await query({ ...gateway, password: "päss" }, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await expect(query({ ...gateway, password: "wrong" }, "SELECT 1")).rejects.toThrow(
      "password authentication failed",
    );
    const sql = "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1";
    const admin = { user: "shardgres", password: cluster.adminPassword };
    const verifiers = await query({ ...(await cluster.shardAddress("s1")), ...admin }, sql);
    expect(verifiers.map(({ rolname }) => rolname)).toEqual(["postgres", "shardgres"]);
    expect(await query({ ...(await cluster.shardAddress("s2")), ...admin }, sql)).toEqual(verifiers);
  } finally {
    await cluster.stop();
  }
});

async function topology() {
  return await readTopology(localStore(join(dataDir, "topology")));
}

async function onShard(shard: string, sql: string): Promise<Record<string, unknown>[]> {
  const { address } = (await topology()).shards.get(shard as ShardName)!.primary!;
  return await query({ ...address, user: "shardgres" }, sql);
}

async function query(config: pg.ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ user: "postgres", database: "postgres", ...config });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function postmasterPid(shard: string): Promise<number> {
  const text = await readFile(join(dataDir, "tablets", `${shard}-0`, "pgdata", "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

/** Pid of the process of this cluster whose command line contains all of these. */
function processWith(...words: string[]): number {
  const found = [...processesIn(dataDir)].find(([, command]) => words.every((word) => command.includes(word)));
  if (!found) throw new Error(`there is no process ${words.join(" ")}`);
  return found[0];
}

/** As the controller's log tells it. */
async function controllerPort(): Promise<number> {
  const log = await readFile(join(dataDir, "logs", "controller.log"), "utf8");
  return Number(
    log
      .match(/"metricsPort":(\d+)/g)!
      .at(-1)!
      .split(":")[1],
  );
}
