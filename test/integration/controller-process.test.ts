// The controller as a process: it ends what a killed gateway has left prepared, whatever else is down, touches nothing that
// is not its own, tells what it sees, and is replaced when it dies. What a gateway leaves is made by hand here.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTopology } from "../../src/topology/create-topology.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { processesIn } from "../support/launch.ts";
import { runProgram } from "../support/run-program.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const main = fileURLToPath(new URL("../../src/controller/main.ts", import.meta.url));
const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

describe("beside a cluster", () => {
  let cluster: TestCluster;
  let clients: ClusterClients;
  let gateway: pg.Client;
  let clusterId: string;
  let last = 0;

  beforeAll(async () => {
    cluster = await startCluster({ shards: 3 });
    clients = new ClusterClients(cluster, 3);
    gateway = await clients.open();
    await gateway.query("create table marks (gid text)");
    // As a gateway does before its first commit: without it nobody knows of the origin.
    await clients.onShards("select shardgres.announce('gone_abc', 0)");
    clusterId = (await readTopology(localStore(join(cluster.dataDir, "topology")))).clusterId;
  });

  afterAll(async () => {
    await clients?.end();
    await cluster?.stop();
  });

  /** The id of a transaction that a gateway of before began. */
  const newGid = (keeper: string, id = clusterId) => `sg_${id}_gone_abc_${++last}_${keeper}`;

  /** Leaves a participant's part prepared, with its record, as a gateway does. */
  async function prepare(shard: string, gid: string): Promise<void> {
    const session = await clients.shard(shard);
    await session.query(`begin; insert into marks values ('${gid}'); ${recordSql(gid)}; prepare transaction '${gid}'`);
  }

  /** Commits the keeper's part: the decision. */
  async function decide(gid: string): Promise<void> {
    const session = await clients.shard(gid.split("_").at(-1)!);
    await session.query(`begin; insert into marks values ('${gid}'); ${recordSql(gid)}; commit`);
  }

  const marks = (gid: string) => clients.onShards(`select 1 from marks where gid = '${gid}'`);
  const prepared = (gid: string) => clients.onShards(`select 1 from pg_prepared_xacts where gid = '${gid}'`);
  const isGone = async (gid: string) => Object.values(await prepared(gid)).every((rows) => rows.length === 0);
  const outcomes = (gid: string) => clients.onShards(`select outcome from shardgres.commits where gid = '${gid}'`);
  const metric = async (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(await metrics())?.[1]);

  async function metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${cluster.metricsPort}/metrics`);
    return await response.text();
  }

  function pidOf(...words: string[]): number {
    for (const [pid, command] of processesIn(cluster.dataDir)) {
      if (words.every((word) => command.includes(word))) return pid;
    }
    throw new Error(`no process ${words.join(" ")}`);
  }

  /** Until the test is over. */
  function pause(...words: string[]): { goOn(): void } {
    const pid = pidOf(...words);
    process.kill(pid, "SIGSTOP");
    const goOn = () => void process.kill(pid, "SIGCONT");
    onTestFinished(goOn);
    return { goOn };
  }

  test("what was prepared before a decision is rolled back on all shards, and can never be committed", async () => {
    const gid = newGid("s1");
    await prepare("s2", gid);
    await prepare("s3", gid);
    await eventually(() => isGone(gid));
    expect(await marks(gid)).toEqual({ s1: [], s2: [], s3: [] });
    expect(await outcomes(gid)).toEqual({ s1: ["aborted"], s2: [], s3: [] });
    await expect(decide(gid)).rejects.toMatchObject({ code: "23505" });
    await (await clients.shard("s1")).query("rollback");
  });

  test("what the keeper has committed is committed on all shards", async () => {
    const gid = newGid("s2");
    await prepare("s1", gid);
    await prepare("s3", gid);
    await decide(gid);
    await eventually(() => isGone(gid));
    expect(await marks(gid)).toEqual(clients.everywhere("1"));
    expect(await outcomes(gid)).toEqual(clients.everywhere("committed"));
  });

  test("another cluster's transactions and those of clients are left alone, however old they are", async () => {
    const foreign = [newGid("s1", "00000000-0000-4000-8000-000000000000"), "a client's", `sg_${clusterId}`];
    for (const gid of foreign) {
      await (await clients.shard("s2")).query(
        `begin; insert into marks values ('x'); prepare transaction '${gid.replaceAll("'", "''")}'`,
      );
    }
    // They are older than the one that the controller ends.
    const gid = newGid("s1");
    await prepare("s2", gid);
    await eventually(() => isGone(gid));
    const left = await rowsOf(await clients.shard("s2"), "select gid from pg_prepared_xacts order by prepared");
    expect(left).toEqual(foreign);
    await eventually(async () => (await metric('shardgres_prepared_transactions{shard="s2"}')) === 3);
    // They hold back vacuum by what has happened since.
    expect(await metric('shardgres_prepared_xmin_age{shard="s2"}')).toBeGreaterThan(0);
    for (const each of foreign) {
      await (await clients.shard("s2")).query(`rollback prepared '${each.replaceAll("'", "''")}'`);
    }
  });

  test("metrics count what is in doubt while it is, and what has become of it", async () => {
    const names = ["committed", "aborted"].map(
      (outcome) => `shardgres_resolved_transactions_total{outcome="${outcome}"}`,
    );
    const before = await Promise.all(names.map(metric));
    const stopped = pause("controller/main.ts");
    const [lost, done] = [newGid("s1"), newGid("s1")];
    await prepare("s2", lost);
    await prepare("s3", lost);
    await prepare("s3", done);
    await decide(done);
    // So that it sees both at its next look.
    const areOld = "select 1 from pg_prepared_xacts having min(clock_timestamp() - prepared) > '2 seconds'";
    await eventually(async () => (await rowsOf(await clients.shard("s3"), areOld)).length === 1);
    stopped.goOn();
    await eventually(async () => (await metric('shardgres_in_doubt_transactions{shard="s3"}')) === 2);
    expect(await metric('shardgres_oldest_in_doubt_seconds{shard="s3"}')).toBeGreaterThanOrEqual(2);
    await eventually(async () => (await metric('shardgres_in_doubt_transactions{shard="s3"}')) === 0);
    expect(await metric('shardgres_oldest_in_doubt_seconds{shard="s3"}')).toBe(0);
    const after = await Promise.all(names.map(metric));
    expect(after.map((value, i) => value - before[i]!)).toEqual([1, 2]);
    expect(await metrics()).toMatch(/^# TYPE shardgres_resolved_transactions_total counter$/m);
  });

  test("SHOW and the command line list what is prepared; the command line ends it by the same rule", async () => {
    const controller = pause("controller/main.ts");
    const [lost, done, theirs] = [newGid("s1"), newGid("s3"), "a client's own"];
    await prepare("s2", lost);
    await prepare("s3", lost);
    await prepare("s1", done);
    await decide(done);
    await (await clients.shard("s2")).query(
      "begin; insert into marks values ('x'); prepare transaction 'a client''s own'",
    );

    const { rows, fields } = await gateway.query("show shardgres.transactions");
    expect(fields.map(({ name }) => name)).toEqual(["gid", "database", "state", "shards", "keeper", "age", "owner"]);
    const shown = { database: "postgres", owner: "shardgres", age: expect.stringMatching(/^00:00:\d\d$/) };
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { ...shown, gid: lost, state: "in doubt", shards: "s2, s3", keeper: "s1" },
        { ...shown, gid: done, state: "committing", shards: "s1", keeper: "s3" },
        { ...shown, gid: theirs, state: "prepared", shards: "s2", keeper: null },
      ]),
    );

    const shardgres = (...args: string[]) =>
      runProgram(process.execPath, [cli, "transactions", ...args, "--data-dir", cluster.dataDir]);
    const listed = await shardgres("list", "--json");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    const all = { database: "postgres", owner: "shardgres", ageSeconds: expect.any(Number) };
    expect(JSON.parse(listed.stdout)).toEqual(
      expect.arrayContaining([
        { ...all, gid: lost, state: "in doubt", shards: ["s2", "s3"], keeper: "s1" },
        { ...all, gid: done, state: "committing", shards: ["s1"], keeper: "s3" },
        { ...all, gid: theirs, state: "prepared", shards: ["s2"] },
      ]),
    );
    expect((await shardgres("list")).stdout).toContain(`${done}\n  committing, 00:00:0`);

    expect(await shardgres("resolve", lost)).toEqual({
      code: 0,
      stdout: `${lost}\n  on s2: rolled back\n${lost}\n  on s3: rolled back\n`,
      stderr: "",
    });
    expect(await shardgres("resolve", lost)).toEqual({
      code: 0,
      stdout: `${lost} is not prepared on any shard\n`,
      stderr: "",
    });
    const resolved = await eventually(async () => {
      const { stdout } = await shardgres("resolve", "--all");
      return stdout === "nothing is in doubt\n" ? undefined : stdout;
    });
    expect(resolved).toBe(`${done}\n  on s1: committed\n`);
    expect(await marks(done)).toEqual({ s1: ["1"], s2: [], s3: ["1"] });
    expect(await shardgres("resolve", theirs)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: a client's own is not a transaction of Shardgres .*\nhint: .*PREPARED\.\n$/,
      ),
    });
    expect(await prepared("a client''s own")).toEqual({ s1: [], s2: ["1"], s3: [] });
    await (await clients.shard("s2")).query("rollback prepared 'a client''s own'");
    controller.goOn();
  });

  test("databases can be dropped under its eyes", async () => {
    await gateway.query("create database short_lived");
    const there = await clients.open({ database: "short_lived" });
    await there.query("create table marks (gid text)");
    const gid = newGid("s1");
    const session = await clients.shard("s2", "short_lived");
    await session.query(`begin; insert into marks values ('${gid}'); prepare transaction '${gid}'`);
    await eventually(() => isGone(gid));
    await there.end();
    await clients.leave("short_lived");
    await gateway.query("drop database short_lived");
  });

  /** The last one: it cuts the connections of this test to s1. */
  test("while a shard is down the others are served, and it is not forgotten", async () => {
    // Nobody starts it again.
    const agent = pause("tablet-agent/main.ts", "--shard s1");
    const [waiting, ended] = [newGid("s1"), newGid("s3")];
    process.kill(pidOf("/postgres", "tablets/s1-0/"), "SIGQUIT");
    await eventually(async () => (await metric('shardgres_shard_up{shard="s1"}')) === 0);
    await prepare("s2", waiting);
    await prepare("s2", ended);
    const onS2 = async (gid: string) =>
      (await rowsOf(await clients.shard("s2"), "select 1 from pg_prepared_xacts where gid = $1", [gid])).length;
    await eventually(async () => (await onS2(ended)) === 0);
    await eventually(async () => (await metric("shardgres_resolver_errors_total")) > 0);
    expect(await onS2(waiting)).toBe(1);

    const list = ["transactions", "list", "--data-dir", cluster.dataDir];
    const { code, stdout, stderr } = await runProgram(process.execPath, [cli, ...list]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(`${waiting}\n  unknown, 00:00:`) });
    expect(stderr).toMatch(/^error: shard s1 does not answer: .*\nhint: /);

    const warnings: string[] = [];
    gateway.on("notice", ({ severity, message }) => warnings.push(`${severity}: ${message}`));
    const { rows } = await gateway.query("show shardgres.transactions");
    expect(rows).toMatchObject([{ gid: waiting, state: "unknown", shards: "s2", keeper: "s1" }]);
    expect(warnings).toEqual(['WARNING: shard "s1" does not answer: what is prepared there is not shown']);

    agent.goOn();
    await eventually(async () => (await onS2(waiting)) === 0);
    expect(await metric('shardgres_shard_up{shard="s1"}')).toBe(1);
  });
});

test("one works, another waits; when the first is killed the other takes over, and ends cleanly", async () => {
  const directory = join(await temporaryDirectory(), "topology");
  await mkdir(directory);
  await createTopology(localStore(directory), { shardCount: 1, authentication: "trust", postgresVersion: "18" });
  const first = await startController(directory);
  await eventually(async () => (await first.get("/ready")) === "200 active\n");
  const second = await startController(directory);
  expect(await second.get("/ready")).toBe("200 standby\n");
  expect(await second.get("/metrics")).toContain("\nshardgres_controller_active 0\n");
  expect(await first.get("/metrics")).toContain("\nshardgres_controller_active 1\n");
  expect(await first.get("/metrics")).toContain('\nshardgres_shard_up{shard="s1"} 0\n');
  expect(await first.get("/live")).toBe("200 live\n");
  expect(await first.get("/other")).toMatch(/^404 /);

  first.child.kill("SIGKILL");
  await eventually(async () => (await second.get("/ready")) === "200 active\n");
  expect(await second.get("/metrics")).toContain("\nshardgres_controller_active 1\n");
  second.child.kill("SIGTERM");
  expect(await second.exited).toBe(0);
  // It has let go: the next one need not find out that it is dead.
  const third = await startController(directory);
  await eventually(async () => (await third.get("/ready")) === "200 active\n");
});

test("one that waits ends cleanly as well", async () => {
  const directory = join(await temporaryDirectory(), "topology");
  await mkdir(directory);
  await createTopology(localStore(directory), { shardCount: 1, authentication: "trust", postgresVersion: "18" });
  const [first, second] = [await startController(directory), await startController(directory)];
  const controllers = [first, second];
  const waiting = await eventually(async () => {
    const states = await Promise.all(controllers.map((each) => each.get("/ready")));
    return states.includes("200 active\n") ? controllers[states.indexOf("200 standby\n")] : undefined;
  });
  waiting.child.kill("SIGTERM");
  expect(await waiting.exited).toBe(0);
});

test("what it cannot work with is said, on standard error", async () => {
  expect(await runProgram(process.execPath, [main])).toEqual({
    code: 2,
    stdout: "",
    stderr: "controller: --topology is missing; see --help\n",
  });
  const { code, stdout } = await runProgram(process.execPath, [main, "--help"]);
  expect(code).toBe(0);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

interface RunningController {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** "200 body" */
  get(path: string): Promise<string>;
}

async function startController(topologyDirectory: string): Promise<RunningController> {
  const child = spawn(process.execPath, [main, "--topology", topologyDirectory], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { port } = JSON.parse(line) as { port: number };
    return {
      child,
      exited,
      async get(path) {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return `${response.status} ${await response.text()}`;
      },
    };
  }
  throw new Error("the controller has ended");
}

function recordSql(gid: string): string {
  const [, , gateway, epoch, number] = gid.split("_");
  return `insert into shardgres.commits (origin, number, gid, participants, outcome)
    values ('${gateway}_${epoch}', ${number}, '${gid}', '{}', 'committed')`;
}
