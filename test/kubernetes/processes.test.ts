// Gateway, controllers and commands on a topology in Kubernetes, and what they do while its API server is away. The shards
// are those of a local cluster; their documents are copied.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { registerPrimary } from "../../src/topology/register-primary.ts";
import type { ShardName } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { FaultProxy } from "../faults/fault-proxy.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/requirement.ts";
import { runProgram } from "../support/run-program.ts";
import { type SecondGateway, startSecondGateway } from "../support/second-gateway.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { allow, createNamespace, readerRules, writerRules } from "./topology-role.ts";

const namespace = "shards";
const place = `kubernetes:${namespace}/main`;
const agent = { name: "agent", token: randomUUID() };
const reader = { name: "gateway", token: randomUUID() };
const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const controllerMain = fileURLToPath(new URL("../../src/controller/main.ts", import.meta.url));

describeWith(["Kubernetes (npm run kubernetes)"], "processes on a topology in Kubernetes", () => {
  const users = [agent, reader];
  let kubernetes: ControlPlane;
  let cluster: TestCluster;
  let store: TopologyStore;
  let gateway: SecondGateway;
  let kubeconfig: string;

  beforeAll(async () => {
    kubernetes = await startControlPlane({ users });
    await createNamespace(kubernetes, namespace);
    await allow(kubernetes, agent, namespace, writerRules);
    await allow(kubernetes, reader, namespace, readerRules);
    cluster = await startCluster({ shards: 2 });
    kubeconfig = kubernetes.kubeconfig(agent, namespace);
    store = kubernetesStore({ kubeconfig, cluster: "main" });
    for (const { key, value } of await localStore(join(cluster.dataDir, "topology")).list("")) {
      await store.put(key, value, "absent");
    }
    // As kubectl finds it.
    vi.stubEnv("KUBECONFIG", kubernetes.kubeconfig(reader, namespace));
    gateway = await startSecondGateway(cluster, "g2", place);
    vi.stubEnv("KUBECONFIG", kubeconfig);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await gateway?.stop();
    await cluster?.stop();
    await kubernetes?.stop();
  });

  test("a gateway goes on routing while the API server is away, says how old its topology is, and then follows", async () => {
    const client = await connect(gateway.port);
    onTestFinished(() => client.end());
    await client.query("create table item (id int primary key)");
    await client.query("select create_distributed_table('item', 'id')");
    await client.query("insert into item select n from generate_series(1, 100) n");
    const count = async () => Number((await client.query("select count(*) from item")).rows[0].count);

    await kubernetes.apiServer.stop();
    const ages = async () =>
      (await readFile(join(cluster.dataDir, "logs", "g2.log"), "utf8"))
        .split("\n")
        .filter((line) => line.includes("topology not readable; going on with the last one"))
        .map((line) => (JSON.parse(line) as { ageMs: number }).ageMs);
    await eventually(async () => (await ages()).some((ageMs) => ageMs > 3_000));
    for (let id = 1; id <= 20; id++) {
      expect((await client.query("select id from item where id = $1", [id])).rows).toEqual([{ id }]);
    }
    expect(await count()).toBe(100);
    const later = await connect(gateway.port);
    expect((await later.query("select count(*) from item")).rows).toEqual([{ count: "100" }]);
    await later.end();

    await kubernetes.apiServer.restart();
    const shard = "s2" as ShardName;
    const { primary } = (await readTopology(store)).shards.get(shard)!;
    const proxy = await FaultProxy.start(primary!.address);
    onTestFinished(() => proxy.close());
    await registerPrimary(store, shard, { ...primary!, address: proxy.address });
    await eventually(async () => {
      // Connections that are there are good; it is new ones that go to where the shard is now.
      const others = await Promise.all([1, 2, 3, 4, 5].map(() => connect(gateway.port)));
      const counts = await Promise.all(others.map((each) => each.query("begin; select count(*) from item")));
      await Promise.all(others.map((each) => each.end()));
      return counts.length === 5 && proxy.connections.size > 0;
    });
    await registerPrimary(store, shard, primary!);
  });

  test("of two controllers one has the lease and works; the other waits, and takes over when the first one ends", async () => {
    const first = await startController();
    await eventually(async () => (await first.get("/ready")) === "200 active\n");
    const { lease } = (await store.leases.get("controller"))!;
    expect(lease).toMatchObject({
      leaseDurationSeconds: 15,
      holderIdentity: expect.stringContaining(`_${first.pid}_`),
    });
    const second = await startController();
    expect(await second.get("/ready")).toBe("200 standby\n");
    first.child.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    await eventually(async () => (await second.get("/ready")) === "200 active\n");
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    expect((await store.leases.get("controller"))!.lease.holderIdentity).toBeUndefined();
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
    expect(
      await runProgram(process.execPath, [cli, "topology", "show", "--cluster", "other", "-n", namespace]),
    ).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error: there is no cluster in Kubernetes under the name other in namespace shards\n" +
        "hint: Its name and namespace are those of --cluster NAME and --namespace NAMESPACE.\n",
    });
  });
});

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({ port, host: "127.0.0.1", user: "postgres", database: "postgres" });
  await client.connect();
  return client;
}

interface RunningController {
  readonly child: ChildProcess;
  readonly pid: number;
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
      pid: child.pid!,
      exited,
      async get(path) {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return `${response.status} ${await response.text()}`;
      },
    };
  }
  throw new Error("the controller has ended");
}
