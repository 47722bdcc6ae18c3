// One tablet on a volume that moves between machines: two agents, each as on a machine of its own, and one directory.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../../src/base/run-command.ts";
import { ensureCertificates } from "../../src/local/certificates.ts";
import { makeVerifier } from "../../src/pgwire/scram.ts";
import { createTopology } from "../../src/topology/create-topology.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { eventually } from "../support/eventually.ts";
import { processesIn } from "../support/launch.ts";
import { postgresPrograms } from "../support/postgres-programs.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
const main = fileURLToPath(new URL("../../tablet-agent/main.ts", import.meta.url));
const password = "secret";

let root: string;
let volume: string;
let started: Agent[] = [];

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "sg-volume-")));
  volume = join(root, "volume");
  await Promise.all(["volume", "topology"].map((name) => mkdir(join(root, name))));
  await mkdir(join(root, "topology", "leases"));
  const cluster = { shardCount: 1, authentication: "trust", postgresVersion: "18" } as const;
  const { clusterId } = await createTopology(localStore(join(root, "topology")), cluster);
  await ensureCertificates(root, { clusterId, agentUser: undefined });
  await writeFile(join(root, "roles.json"), JSON.stringify({ postgres: null, shardgres: makeVerifier(password) }));
  await writeFile(join(root, "password"), password);
});

afterEach(async () => {
  for (const agent of started) agent.kill("SIGKILL");
  started = [];
  killAll();
  await eventually(() => processesIn(root).size === 0);
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
});

function killAll(): void {
  for (const pid of processesIn(root).keys()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended in the meantime.
    }
  }
}

class Agent {
  readonly process: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  output = "";

  constructor(machine: string, more: readonly string[]) {
    const paths = { "roles-file": "roles.json", "password-file": "password", certificates: "certificates" };
    const named = Object.entries(paths).flatMap(([name, file]) => [`--${name}`, join(root, file)]);
    const own = ["--shard", "s1", "--tablet", "s1-0", "--directory", volume, "--pg-bin", postgresPrograms(18)];
    const args = [main, ...own, ...named, "--fsync", "off", "--machine", machine, ...more];
    this.process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.ended = new Promise((resolve) => this.process.on("close", (code, signal) => resolve(code ?? signal)));
    started.push(this);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async says(text: string): Promise<void> {
    await eventually(() => this.output.includes(text));
  }

  ready(): Promise<void> {
    return this.says('"kind":"ready"');
  }
}

/** `at`: where this machine has the topology. */
const agentOn = (machine: string, { at = join(root, "topology"), more = [] as string[] } = {}) =>
  new Agent(machine, ["--topology", at, "--shared-volume", "--volume-lease", "6", ...more]);

const isRunning = () => [...processesIn(volume).values()].some((command) => command.startsWith("postgres"));
const ask = async (sql: string) => {
  const [shard] = [...(await readTopology(localStore(join(root, "topology")))).shards.values()];
  const client = new pg.Client({ ...shard!.primary!.address, user: "postgres", database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};
const mark = async () => JSON.parse(await readFile(join(volume, "owner.json"), "utf8")).owner;
const parentOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
};
/** Two PostgreSQL servers on one directory are what must never be; watched all the time. */
async function neverTwo<T>(during: () => Promise<T>): Promise<T> {
  let most = 0;
  const look = () => {
    const found = [...processesIn(volume)].filter(([, command]) => command.includes("/postgres -D "));
    const pids = new Set(found.map(([pid]) => pid));
    // A child that has just been forked looks like its parent.
    most = Math.max(most, [...pids].filter((pid) => !pids.has(parentOf(pid))).length);
  };
  const timer = setInterval(look, 20);
  try {
    return await during();
  } finally {
    clearInterval(timer);
    expect(most).toBe(1);
  }
}

test("with --smart-stop, sessions may end by themselves, but not for ever", async () => {
  const agent = agentOn("a", { more: ["--smart-stop", "3"] });
  await agent.ready();
  const [shard] = [...(await readTopology(localStore(join(root, "topology")))).shards.values()];
  const open = async () => {
    const client = new pg.Client({ ...shard!.primary!.address, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const [short, long] = [await open(), await open()];
  agent.kill("SIGTERM");
  await eventually(
    async () =>
      await open().then(
        (client) => client.end().then(() => false),
        ({ code }) => code === "57P03",
      ),
  );
  expect((await short.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await short.end();
  expect(await agent.ended).toBe(0);
  await expect(long.query("SELECT 1")).rejects.toThrow();
});

test("an agent that stops leaves the volume to the next at once", async () => {
  const first = agentOn("m1");
  await first.ready();
  await ask("create table kept as select 1 as n");
  expect(await mark()).toMatchObject({ machine: "m1", pid: first.process.pid, stopsItself: true });
  const second = agentOn("m2");
  await second.says("another agent has the lease of the volume");
  await neverTwo(async () => {
    first.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    // It need not run out.
    const lease = await localStore(join(root, "topology")).leases.get("volumes/s1-0");
    expect(lease!.lease.holderIdentity).not.toBe("m1");
    await second.ready();
    expect(second.output).not.toContain("is given time to stop PostgreSQL");
  });
  expect(await ask("select n from kept")).toEqual([{ n: 1 }]);
  expect(await mark()).toMatchObject({ machine: "m2", term: 1 });
});

test("an agent that is killed takes its PostgreSQL with it; the next waits for the lease, and some time more", async () => {
  const first = agentOn("m1");
  await first.ready();
  await ask("create table kept as select 1 as n");
  const second = agentOn("m2");
  await second.says("another agent has the lease of the volume");
  await neverTwo(async () => {
    first.kill("SIGKILL");
    const killedAtMs = performance.now();
    await eventually(() => !isRunning());
    expect(performance.now() - killedAtMs).toBeLessThan(4_000);
    await second.ready();
    // Six less the age of the last renewal, and two.
    expect(performance.now() - killedAtMs).toBeGreaterThan(5_500);
  });
  expect(await ask("select n from kept")).toEqual([{ n: 1 }]);
});

test("an agent that is frozen has its PostgreSQL killed in time, and gives up when it wakes", async () => {
  const first = agentOn("m1");
  await first.ready();
  const second = agentOn("m2");
  await second.says("another agent has the lease of the volume");
  await neverTwo(async () => {
    first.kill("SIGSTOP");
    await eventually(() => !isRunning());
    expect(second.output).not.toContain("is given time to stop PostgreSQL");
    await second.ready();
    const state = await readFile(join(volume, "tablet-state.json"), "utf8");
    first.kill("SIGCONT");
    expect(await first.ended).toBe(1);
    expect(first.output).toContain("the lease of the volume could not be renewed");
    expect(await readFile(join(volume, "tablet-state.json"), "utf8")).toBe(state);
  });
  expect(await mark()).toMatchObject({ machine: "m2" });
  expect(await ask("select 1 as one")).toEqual([{ one: 1 }]);
});

test("PostgreSQL does not start on it by itself where no agent has taken it", async () => {
  const agent = agentOn("m1");
  await agent.ready();
  agent.kill("SIGTERM");
  await agent.ended;
  const started = runCommand(join(postgresPrograms(18), "postgres"), ["-D", join(volume, "pgdata")]);
  expect(await started).toMatchObject({
    succeeded: false,
    output: expect.stringMatching(/could not create lock file ".*\.s\.PGSQL\.5432\.lock": No such file/),
  });
  const next = agentOn("m2");
  await next.ready();
  expect(await ask("select 1 as one")).toEqual([{ one: 1 }]);
});

test("an agent that is cut off from the topology stops before anybody else may start", async () => {
  const at = join(root, "of-m1");
  await symlink(join(root, "topology"), at);
  const first = agentOn("m1", { at });
  await first.ready();
  const second = agentOn("m2");
  await second.says("another agent has the lease of the volume");
  await neverTwo(async () => {
    await rename(at, `${at}-away`);
    expect(await first.ended).toBe(1);
    expect(isRunning()).toBe(false);
    expect(second.output).not.toContain("is given time to stop PostgreSQL");
    await second.ready();
  });
});

test("a directory of another machine is not taken without proof; a fencing command gives it", async () => {
  const alone = (machine: string, ...more: string[]) =>
    new Agent(machine, ["--topology", join(root, "topology"), ...more]);
  const first = alone("m1");
  await first.ready();
  await ask("create table kept as select 1 as n");
  killAll();
  await first.ended;
  for (const refused of [alone("m2"), agentOn("m2")]) {
    expect(await refused.ended).toBe(1);
    expect(refused.output).toContain(`${volume} belongs to an agent on m1 (process ${first.process.pid}, since`);
    expect(refused.output).toContain(
      "Make sure that no PostgreSQL runs on it anywhere, then delete the file owner.json",
    );
  }
  const fence = join(root, "fence");
  await writeFile(fence, `#!/bin/sh\necho "$1 $2" >> ${root}/fenced\ntest -e ${root}/may\n`);
  await chmod(fence, 0o755);
  const second = agentOn("m2", { more: ["--fence-command", fence] });
  await second.says("the fencing command has failed; trying again");
  expect(second.output).not.toContain('"kind":"starting"');
  await writeFile(join(root, "may"), "");
  await second.ready();
  expect((await readFile(join(root, "fenced"), "utf8")).split("\n")[0]).toBe("m1 1");
  expect(await ask("select n from kept")).toEqual([{ n: 1 }]);
});
