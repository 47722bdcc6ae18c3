// The topology in a real Kubernetes: what every store must do, and what is its own.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopology } from "../../src/topology/create-topology.ts";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { watchTopology } from "../../src/topology/watch-topology.ts";
import { describeWith } from "../support/requirement.ts";
import { testLeases } from "../unit/topology/lease-suite.ts";
import { testStore } from "../unit/topology/store-suite.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { allow, createNamespace, writerRules } from "./topology-role.ts";

const namespace = "shards";
const agent = { name: "agent", token: randomUUID() };

describeWith(["Kubernetes (npm run kubernetes)"], "the topology in Kubernetes", () => {
  let kubernetes: ControlPlane;
  let kubeconfig: string;
  let clusters = 0;

  beforeAll(async () => {
    kubernetes = await startControlPlane({ users: [agent] });
    await createNamespace(kubernetes, namespace);
    await allow(kubernetes, agent, namespace, writerRules);
    kubeconfig = kubernetes.kubeconfig(agent, namespace);
  });
  afterAll(() => kubernetes?.stop());

  const open = async () => {
    const options = { kubeconfig, cluster: `c${++clusters}` };
    return [kubernetesStore(options), kubernetesStore(options)] as const;
  };

  testStore("the store in Kubernetes", open);
  testLeases("the store in Kubernetes", open);

  test("a document is a ConfigMap that people can read; a lease is a Lease as others have them", async () => {
    const [store] = await open();
    const cluster = `c${clusters}`;
    const version = await store.put("shards/s1", { ordinal: 0, tablets: {} }, "absent");
    const found = await kubernetes.call("GET", `/api/v1/namespaces/${namespace}/configmaps/${cluster}.shards.s1`);
    expect(found).toMatchObject({
      metadata: {
        labels: {
          "app.kubernetes.io/name": "shardgres",
          "app.kubernetes.io/instance": cluster,
          "app.kubernetes.io/component": "topology",
          "shardgres.dev/cluster": cluster,
        },
        resourceVersion: version,
      },
      data: { document: '{\n  "ordinal": 0,\n  "tablets": {}\n}\n' },
    });
    await store.leases.put("shards/s1", lease("s1-0"), "absent");
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${cluster}.shards.s1`;
    expect(await kubernetes.call("GET", path)).toMatchObject({
      metadata: { labels: { "shardgres.dev/cluster": cluster } },
      spec: lease("s1-0"),
    });
  });

  test("what others have written beside a document or a lease stays", async () => {
    const [store] = await open();
    const cluster = `c${clusters}`;
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: randomUUID() };
    const theirs = { labels: { team: "blue" }, annotations: { why: "so" }, ownerReferences: [owner] };
    await store.put("k", 1, "absent");
    await store.leases.put("k", lease("a"), "absent");
    const paths = [
      `/api/v1/namespaces/${namespace}/configmaps/${cluster}.k`,
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${cluster}.k`,
    ] as const;
    for (const path of paths) {
      const { metadata, ...object } = (await kubernetes.call("GET", path)) as { metadata: typeof theirs };
      const merged = {
        ...metadata,
        labels: { ...metadata.labels, ...theirs.labels },
        annotations: { ...metadata.annotations, ...theirs.annotations },
        ownerReferences: theirs.ownerReferences,
      };
      await kubernetes.call("PUT", path, { ...object, metadata: merged });
    }
    await store.put("k", 2, (await store.get("k"))!.version);
    await store.leases.put("k", lease("b"), (await store.leases.get("k"))!.version);
    for (const path of paths) {
      expect(await kubernetes.call("GET", path)).toMatchObject({
        metadata: { ...theirs, labels: { team: "blue", "shardgres.dev/cluster": cluster } },
      });
    }
    expect(await store.get("k")).toMatchObject({ value: 2 });
    expect(await store.leases.get("k")).toMatchObject({ lease: lease("b") });
  });

  test("two clusters in one namespace, one's name the beginning of the other's, know nothing of each other", async () => {
    const [main, mainToo] = ["main", "main-2"].map((cluster) => kubernetesStore({ kubeconfig, cluster }));
    await main!.put("cluster", "one", "absent");
    await mainToo!.put("cluster", "other", "absent");
    expect(await main!.list("")).toMatchObject([{ key: "cluster", value: "one" }]);
    expect(await mainToo!.list("")).toMatchObject([{ key: "cluster", value: "other" }]);
  });

  test.each([
    [
      { name: "stray", data: { document: "{}" } },
      'stray is not a topology document: its name is not "CLUSTER." and a key',
    ],
    [{ name: "CLUSTER.k", data: {} }, 'CLUSTER.k is not a topology document: it has no "document"'],
    [
      { name: "CLUSTER.k", data: { document: "{" } },
      'CLUSTER.k is not a topology document: its "document" is not valid JSON',
    ],
  ])("a ConfigMap that has the label and is no document is named: %j", async ({ name, data }, problem) => {
    const [store] = await open();
    const cluster = `c${clusters}`;
    const named = (text: string) => text.replace("CLUSTER", cluster);
    const metadata = { name: named(name), labels: { "shardgres.dev/cluster": cluster } };
    await kubernetes.call("POST", `/api/v1/namespaces/${namespace}/configmaps`, { metadata, data });
    const error = { code: "invalid-document", message: `configmap ${named(problem)}` };
    await expect(store.list("")).rejects.toMatchObject(error);
    const watching = store.watch("", new AbortController().signal)[Symbol.asyncIterator]();
    await expect(watching.next()).rejects.toMatchObject(error);
    await kubernetes.call("DELETE", `/api/v1/namespaces/${namespace}/configmaps/${metadata.name}`);
  });

  test("a ConfigMap of that name without the label is not taken for a document, nor overwritten", async () => {
    const [store] = await open();
    const name = `c${clusters}.k`;
    await kubernetes.call("POST", `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name }, data: {} });
    await expect(store.get("k")).rejects.toMatchObject({
      code: "invalid-document",
      message: `configmap ${name} is not a topology document: it lacks the label shardgres.dev/cluster=c${clusters}`,
    });
    await expect(store.put("k", 1, "absent")).rejects.toMatchObject({ code: "conflict" });
  });

  test("names that Kubernetes would refuse are refused here", async () => {
    const [store] = await open();
    for (const key of ["a-", "shards/s1-", `${"x".repeat(200)}/${"y".repeat(200)}`]) {
      await expect(store.get(key)).rejects.toMatchObject({ code: "invalid-key" });
    }
    for (const cluster of ["", "Main", "a.b", "a-", "x".repeat(64)]) {
      expect(() => kubernetesStore({ kubeconfig, cluster })).toThrow(`"${cluster}" cannot be the name of a cluster`);
    }
  });

  test("the namespace is the context's, or the one that is asked for; other contexts can be chosen", async () => {
    const elsewhere = kubernetesStore({ kubeconfig, namespace: "elsewhere", cluster: "main" });
    await expect(elsewhere.get("k")).rejects.toMatchObject({ code: "kube-forbidden", message: /elsewhere\/main\.k/ });
    const unknown = kubernetesStore({ kubeconfig, context: "other", cluster: "main" });
    await expect(unknown.get("k")).rejects.toMatchObject({
      code: "no-kubernetes",
      message: 'Kubernetes cannot be used: the kubeconfig has no context "other"',
    });
    const chosen = kubernetesStore({ kubeconfig, context: "test", cluster: "main" });
    expect(await chosen.get("nothing")).toBeUndefined();
  });

  test("a topology of 1,000 shards is written, read and watched", async () => {
    const [store, other] = await open();
    const options = { shardCount: 1_000, authentication: "trust", postgresVersion: "18" } as const;
    const made = await createTopology(store, options);
    expect(made.shards.size).toBe(1_000);
    expect(await readTopology(other)).toEqual(made);
    const stopping = new AbortController();
    for await (const topology of watchTopology(other, stopping.signal)) {
      expect(topology).toEqual(made);
      stopping.abort();
    }
  });
});

function lease(holderIdentity: string) {
  const time = "2026-11-28T12:00:00.000000Z";
  return { holderIdentity, leaseDurationSeconds: 6, acquireTime: time, renewTime: time, leaseTransitions: 3 };
}
