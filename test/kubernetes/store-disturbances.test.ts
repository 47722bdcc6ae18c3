// The topology in Kubernetes while the API server is restarted, frozen, overloaded, cut off from etcd, or does not accept
// credentials any more.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
import { eventually } from "../support/eventually.ts";
import { describeWith } from "../support/requirement.ts";
import { startAnswerProxy } from "./answer-proxy.ts";
import { type ControlPlane, kubeconfigText, startControlPlane } from "./control-plane.ts";
import { allow, createNamespace, readerRules, writerRules } from "./topology-role.ts";
import { watchAll } from "./watching.ts";

const namespace = "shards";
/** Shorter than usual: tests wait for rounds. */
const roundSeconds = 3;
const agent = { name: "agent", token: randomUUID() };
const gateway = { name: "gateway", token: randomUUID() };

describeWith(["Kubernetes (npm run kubernetes)"], "the topology in Kubernetes, disturbed", () => {
  let kubernetes: ControlPlane;
  let clusters = 0;
  const users = [agent, gateway];

  beforeAll(async () => {
    kubernetes = await startControlPlane({ users });
    await createNamespace(kubernetes, namespace);
    await allow(kubernetes, agent, namespace, writerRules);
    await allow(kubernetes, gateway, namespace, readerRules);
  });
  afterAll(() => kubernetes?.stop());

  const newCluster = () => `d${++clusters}`;
  const open = (cluster = newCluster(), user = agent) =>
    kubernetesStore({ kubeconfig: kubernetes.kubeconfig(user, namespace), cluster, roundSeconds });
  /** Gives up soon. */
  const openImpatient = (cluster: string) =>
    kubernetesStore({
      kubeconfig: kubernetes.kubeconfig(agent, namespace),
      cluster,
      limits: { attemptMs: 500, callMs: 1_000 },
    });

  test("a watch goes on when the API server has been restarted, and says that it was away", async () => {
    const cluster = newCluster();
    const store = open(cluster);
    await store.put("a", 1, "absent");
    const watching = watchAll(store);
    await watching.oneMore("current");
    await kubernetes.apiServer.stop();
    await watching.oneMore("interrupted");
    await expect(openImpatient(cluster).get("a")).rejects.toMatchObject({ code: "kube-away", retry: "after-failover" });
    await kubernetes.apiServer.restart();
    await store.put("b", 2, "absent");
    await eventually(() => watching.values().b === 2);
    expect(watching.values()).toEqual({ a: 1, b: 2 });
    await watching.oneMore("current");
  });

  test("what has happened unseen, so long ago that the server does not remember, is told as a new state", async () => {
    const cluster = newCluster();
    const store = open(cluster);
    await store.put("a", 1, "absent");
    await store.put("b", 1, "absent");
    const watching = watchAll(store);
    await eventually(() => watching.count("state") === 1);
    await kubernetes.apiServer.stop();
    await deleteInEtcd(kubernetes, `/registry/configmaps/${namespace}/${cluster}.a`);
    await kubernetes.apiServer.restart();
    await eventually(() => watching.count("state") === 2);
    expect(watching.values()).toEqual({ b: 1 });
    expect(await store.list("")).toMatchObject([{ key: "b", value: 1 }]);
  });

  test("a frozen API server is noticed by watch and calls; both go on when it does", async () => {
    const cluster = newCluster();
    const [store, impatient] = [open(cluster), openImpatient(cluster)];
    const version = await store.put("a", 1, "absent");
    await impatient.get("a");
    const watching = watchAll(store);
    await watching.oneMore("current");
    kubernetes.apiServer.pause();
    const startMs = performance.now();
    try {
      const message = /^Kubernetes: cannot change configmap shards\/d\d+\.a: no answer from https:.*: time limit$/;
      await expect(impatient.put("a", 2, version)).rejects.toMatchObject({ code: "kube-away", message });
      expect(performance.now() - startMs).toBeLessThan(5_000);
      await watching.oneMore("interrupted");
      expect(performance.now() - startMs).toBeLessThan(15_000);
    } finally {
      kubernetes.apiServer.resume();
    }
    // The server may have got the write, and do it only now.
    await eventually(async () => {
      const now = (await store.get("a"))!;
      return await store.put("a", 3, now.version);
    });
    await eventually(() => watching.values().a === 3);
    await watching.oneMore("current");
  });

  test("while the API server cannot reach etcd, a watch does not say that it is up to date", async () => {
    const watching = watchAll(open());
    await watching.oneMore("current");
    kubernetes.etcd.pause();
    try {
      const callMs = 1_000 * roundSeconds + 500;
      const kubeconfig = kubernetes.kubeconfig(agent, namespace);
      const store = kubernetesStore({ kubeconfig, cluster: newCluster(), limits: { attemptMs: callMs, callMs } });
      // A round that had its proof before may end with "current" yet.
      await expect(store.get("a")).rejects.toMatchObject({ code: "kube-away" });
      // The watch itself lives on a cache of the API server, and its rounds go on.
      const before = watching.count("current");
      await expect(store.get("a")).rejects.toMatchObject({ code: "kube-away" });
      expect(watching.count("current")).toBe(before);
    } finally {
      kubernetes.etcd.resume();
    }
    await watching.oneMore("current");
  });

  test("a write whose answer is lost is known to its writer, and done once", async () => {
    const cluster = newCluster();
    const proxy = await startAnswerProxy(Number(new URL(kubernetes.server).port));
    const kubeconfig = join(kubernetes.directory, "kubeconfig-proxy");
    const server = `https://127.0.0.1:${proxy.port}`;
    writeFileSync(kubeconfig, kubeconfigText(server, kubernetes.authorityFile, { token: agent.token }, namespace));
    const store = kubernetesStore({ kubeconfig, cluster });
    await store.get("connected");

    proxy.loseNextAnswer();
    const first = await store.put("a", 1, "absent");
    await store.get("connected");
    proxy.loseNextAnswer();
    const second = await store.put("a", 2, first);
    await store.get("connected");
    proxy.loseNextAnswer();
    const lease = { leaseDurationSeconds: 6, acquireTime: time, renewTime: time, leaseTransitions: 0 };
    const held = await store.leases.put("l", { ...lease, holderIdentity: "x" }, "absent");

    expect(proxy.lost).toBe(3);
    expect(await open(cluster).get("a")).toEqual({ key: "a", value: 2, version: second });
    expect(await open(cluster).leases.get("l")).toMatchObject({ version: held });
    await expect(store.put("a", 3, first)).rejects.toMatchObject({ code: "conflict" });
  });

  test("what an overloaded API server sends away is sent again when it asks for that", async () => {
    const limits = ["--max-requests-inflight=1", "--max-mutating-requests-inflight=1"];
    await kubernetes.restartApiServer({ users, args: ["--enable-priority-and-fairness=false", ...limits] });
    try {
      const cluster = newCluster();
      const kubeconfig = kubernetes.kubeconfig(agent, namespace);
      const store = kubernetesStore({ kubeconfig, cluster, limits: { attemptMs: 5_000, callMs: 30_000 } });
      await Promise.all(Array.from({ length: 10 }, (_, i) => store.put(`k${i}`, i, "absent")));
      expect(await store.list("")).toHaveLength(10);
      const metrics = String(await kubernetes.call("GET", "/metrics"));
      expect(metrics).toMatch(/^apiserver_request_total\{code="429",.*resource="configmaps".*\} [1-9]/m);
    } finally {
      await kubernetes.restartApiServer({ users });
    }
  });

  test("a token that has been replaced is read again, a kubeconfig's and a pod's", async () => {
    const tokenFile = join(kubernetes.directory, "token");
    writeFileSync(tokenFile, agent.token);
    const ways = {
      kubeconfig: { "token-file": tokenFile, tokenFile },
      // The library reads the token of a pod's service account in this way.
      pod: { "auth-provider": { name: "tokenFile", config: { tokenFile } } },
    };
    const stores = Object.entries(ways).map(([name, user]) => {
      const kubeconfig = join(kubernetes.directory, `kubeconfig-${name}`);
      writeFileSync(kubeconfig, kubeconfigText(kubernetes.server, kubernetes.authorityFile, user, namespace));
      return kubernetesStore({ kubeconfig, cluster: newCluster() });
    });
    const watched = stores.map(watchAll);
    const versions = await Promise.all(stores.map((store) => store.put("a", 1, "absent")));

    agent.token = randomUUID();
    await kubernetes.restartApiServer({ users });
    const message = /^Kubernetes: cannot read configmap shards\/d\d+\.a: Unauthorized$/;
    for (const store of stores) {
      await expect(store.get("a")).rejects.toMatchObject({ code: "kube-forbidden", message });
    }
    writeFileSync(tokenFile, agent.token);
    await Promise.all(stores.map((store, i) => store.put("a", 2, versions[i]!)));
    for (const watching of watched) await eventually(() => watching.values().a === 2);
  });

  test("who may only read is told so when it writes", async () => {
    const cluster = newCluster();
    const reader = open(cluster, gateway);
    await open(cluster).put("a", 1, "absent");
    expect(await reader.list("")).toMatchObject([{ key: "a" }]);
    const watching = watchAll(reader);
    await watching.oneMore("current");
    await expect(reader.put("a", 2, "absent")).rejects.toMatchObject({
      code: "kube-forbidden",
      message: /^Kubernetes: cannot create configmap shards\/d\d+\.a: configmaps is forbidden: User "gateway" cannot/,
      hint: "docs/topology.md says which permissions are needed.",
    });
  });
});

const time = "2026-11-28T12:00:00.000000Z";

/** Behind the API server's back, and so that nobody can ask what was before. */
async function deleteInEtcd({ etcdUrl }: ControlPlane, key: string): Promise<void> {
  const { header } = await askEtcd<{ header: { revision: string } }>(etcdUrl, "deleterange", {
    key: Buffer.from(key).toString("base64"),
  });
  await askEtcd(etcdUrl, "compaction", { revision: header.revision, physical: true });
}

async function askEtcd<T>(url: string, what: string, body: object): Promise<T> {
  const text = await new Promise<string>((resolve, reject) => {
    const asking = request(`${url}/v3/kv/${what}`, { method: "POST" }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    asking.on("error", reject);
    asking.end(JSON.stringify(body));
  });
  return JSON.parse(text) as T;
}
