// A whole cluster on a topology in Kubernetes: what agents, gateway, controllers and commands do, and what they do while
// the API server is away.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { getShard } from "../../src/topology/change-shard.ts";
import { shardName } from "../../src/topology/documents.ts";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
import type { Shard } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { processesIn } from "../support/launch.ts";
import { describeWith } from "../support/requirement.ts";
import { runProgram } from "../support/run-program.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { allow, createNamespace, writerRules } from "./topology-role.ts";

const namespace = "shards";
const place = `kubernetes:${namespace}/main`;
const agent = { name: "agent", token: randomUUID() };
const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const controllerMain = fileURLToPath(new URL("../../src/controller/main.ts", import.meta.url));

describeWith(["Kubernetes (npm run kubernetes)"], "a cluster with its topology in Kubernetes", () => {
  let kubernetes: ControlPlane;
  let cluster: TestCluster;
  let store: TopologyStore;
  let kubeconfig: string;

  beforeAll(async () => {
    kubernetes = await startControlPlane({ users: [agent] });
    await createNamespace(kubernetes, namespace);
    await allow(kubernetes, agent, namespace, writerRules);
    kubeconfig = kubernetes.kubeconfig(agent, namespace);
    store = kubernetesStore({ kubeconfig, cluster: "main" });
    // As kubectl finds it.
    vi.stubEnv("KUBECONFIG", kubeconfig);
    cluster = await startCluster({ shards: 2, replicas: 1, topologyPlace: place });
    const client = await connect();
    await client.query("CREATE TABLE kept (id bigint PRIMARY KEY)");
    await client.query("SELECT create_distributed_table('kept', 'id')");
    await client.end();
    await settled();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cluster?.stop();
    await kubernetes?.stop();
  });

  const connect = async () => {
    const client = new pg.Client({ host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const shard = async (name = "s1"): Promise<Shard> => (await getShard(store, shardName(name))).shard;
  /** Commits wait for the standbys. */
  const settled = () =>
    eventually(async () => {
      const shards = [await shard("s1"), await shard("s2")];
      return shards.every(({ cohort, nextCohort }) => cohort.standbys.length === 1 && !nextCohort);
    });
  const kept = async () => {
    const client = await connect();
    const { rows } = await client.query<{ id: string }>("SELECT id FROM kept");
    await client.end();
    return new Set(rows.map(({ id }) => Number(id)));
  };

  test("while the API server is frozen, primaries stay and the gateway routes, and says how old its topology is", async () => {
    const load = startLoad(connect);
    await load.written(20);
    kubernetes.apiServer.pause();
    try {
      const seconds = async () =>
        (await readFile(join(cluster.dataDir, "logs", "gateway.log"), "utf8"))
          .split("\n")
          .filter((line) => line.includes("topology not readable; going on with the last one"))
          .map((line) => (JSON.parse(line) as { ageMs: number }).ageMs / 1_000);
      // Longer than a lease.
      await eventually(async () => (await seconds()).some((age) => age > 9));
      await load.written(100);
      expect((await kept()).size).toBeGreaterThan(100);
      expect(load.errors).toEqual([]);
      expect(load.longestPauseMs()).toBeLessThan(5_000);
    } finally {
      kubernetes.apiServer.resume();
    }
    // The leases have run out. Whoever takes them now: all goes on.
    for (const name of ["s1", "s2"]) {
      await eventually(async () => {
        const { lease } = (await store.leases.get(`shards/${name}`))!;
        const { primary } = await shard(name);
        return lease.holderIdentity === primary?.name && Date.now() - Date.parse(lease.renewTime) < 3_000;
      });
    }
    await load.written(20);
    await load.stop();
    await settled();
    const found = await kept();
    expect(load.acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });

  test("a primary that freezes while the API server is away is replaced when that is back; nothing is lost", async () => {
    const before = await shard();
    const load = startLoad(connect);
    await load.written(20);
    await kubernetes.apiServer.stop();
    const frozen = [...processesIn(join(cluster.dataDir, "tablets", before.primary!.name)).keys()];
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    await kubernetes.apiServer.restart();
    const after = await eventually(async () => {
      const now = await shard();
      return now.term > before.term && now;
    });
    expect(after.primary!.name).not.toBe(before.primary!.name);
    for (const pid of frozen) process.kill(pid, "SIGCONT");
    await settled();
    await load.written(50);
    await load.stop();
    const found = await kept();
    expect(load.acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });

  test("the controller that works holds a lease; another one waits for it", async () => {
    const holder = async () => (await store.leases.get("controller"))?.lease.holderIdentity;
    const before = await eventually(holder);
    const pid = Number(before.split("_").at(-2));
    expect(processesIn(cluster.dataDir).get(pid)).toContain("controller/main.ts");
    const other = await startController();
    expect(await other.get("/ready")).toBe("200 standby\n");
    other.child.kill("SIGTERM");
    expect(await other.exited).toBe(0);
    await eventually(async () => (await holder()) === before);
  });

  test("commands find a cluster as kubectl would, and end when they are done", async () => {
    const where = ["--cluster", "main", "-n", namespace, "--kubeconfig", kubeconfig];
    const { code, stdout, stderr } = await runProgram(process.execPath, [cli, "topology", "show", ...where]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("2 shards, home s1\n");
    const byPlace = ["topology", "show", "--topology", place, "--json"];
    const json = await runProgram(process.execPath, [cli, ...byPlace]);
    expect(JSON.parse(json.stdout)).toMatchObject({ home: "s1" });
    const passwordFile = join(cluster.dataDir, "admin-password");
    const list = ["transactions", "list", "--topology", place, "--admin-password-file", passwordFile];
    expect(await runProgram(process.execPath, [cli, ...list])).toMatchObject({ code: 0, stderr: "" });
    const other = ["topology", "show", "--cluster", "other", "-n", namespace];
    expect(await runProgram(process.execPath, [cli, ...other])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error: there is no cluster in Kubernetes under the name other in namespace shards\n" +
        "hint: Its name and namespace are those of --cluster NAME and --namespace NAMESPACE.\n",
    });
  });
});

let nextId = 1;

/** Clients that insert one row after the other through the gateway, and remember what was acknowledged. */
function startLoad(connect: () => Promise<pg.Client>) {
  const acknowledged: number[] = [];
  const errors: string[] = [];
  let isOver = false;
  let lastMs = performance.now();
  let longestMs = 0;
  const insert = async (client: pg.Client) => {
    const id = nextId++;
    await client.query("INSERT INTO kept VALUES ($1)", [id]);
    acknowledged.push(id);
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
  };
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const client = await connect();
      try {
        while (!isOver) {
          await insert(client);
          // This is no benchmark: agents must get to their turn as well.
          await delay(20);
        }
      } catch (error) {
        errors.push(String(error));
      }
      await client.end().catch(() => {});
    }
  });
  return {
    acknowledged,
    errors,
    longestPauseMs: () => longestMs,
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

interface RunningController {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** "200 body" */
  get(path: string): Promise<string>;
}

/** Killed at the end of the test if it has not ended. */
async function startController(): Promise<RunningController> {
  const child = spawn(process.execPath, [controllerMain, "--topology", place], { stdio: ["ignore", "pipe", "ignore"] });
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
