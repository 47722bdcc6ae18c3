// Failover with the topology in Kubernetes: real processes of the control plane are killed and frozen, and links to the API
// server cut, under the same clients and with the same questions as in failover.test.ts.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
import { type ControlPlane, kubeconfigText, startControlPlane } from "../kubernetes/control-plane.ts";
import { allow, createNamespace, writerRules } from "../kubernetes/topology-role.ts";
import { describeWith } from "../support/requirement.ts";
import { longMs } from "./faults.ts";
import { type Fault, Trials } from "./trial.ts";

const namespace = "shards";
const agent = { name: "agent", token: randomUUID() };
const trialMsMax = 150_000;

describeWith(["Kubernetes (npm run kubernetes)"], "failover with the topology in Kubernetes", () => {
  let kubernetes: ControlPlane;
  let trials: Trials;

  beforeAll(async () => {
    kubernetes = await startControlPlane({ users: [agent] });
    await createNamespace(kubernetes, namespace);
    await allow(kubernetes, agent, namespace, writerRules);
    const { server, authorityFile } = kubernetes;
    trials = await Trials.start({
      kubernetes: {
        store: kubernetesStore({ kubeconfig: kubernetes.kubeconfig(agent, namespace), cluster: "main" }),
        place: `kubernetes:${namespace}/main`,
        apiServer: { host: "127.0.0.1", port: Number(new URL(server).port) },
        kubeconfig: ({ host, port }) =>
          kubeconfigText(`https://${host}:${port}`, authorityFile, { token: agent.token }, namespace),
      },
    });
  });
  afterAll(async () => {
    await trials?.stop();
    await kubernetes?.stop();
  });

  const faults: readonly Fault[] = [
    {
      name: "etcd is killed, and started again after more than a lease",
      async inject() {
        await kubernetes.etcd.stop();
        return () => kubernetes.etcd.restart();
      },
      lastsMs: longMs,
      primary: "stays",
      pauseMsMax: 2_000,
    },
    {
      name: "the API server is frozen for more than a lease",
      async inject() {
        kubernetes.apiServer.pause();
        return () => kubernetes.apiServer.resume();
      },
      lastsMs: longMs,
      primary: "stays",
      pauseMsMax: 2_000,
    },
    {
      name: "etcd is frozen while the machine of the primary dies",
      async inject(stage) {
        const primary = await stage.primary();
        kubernetes.etcd.pause();
        primary.keepDown("agent", "postgres");
        return () => {
          kubernetes.etcd.resume();
          primary.revive();
        };
      },
      lastsMs: longMs,
      blocks: true,
      primary: "any",
      pauseMsMax: 20_000,
    },
    {
      name: "the link of the primary's agent to the API server is cut",
      async inject(stage) {
        const { name } = await stage.primary();
        stage.network.cut(name, "store");
        return () => stage.network.heal();
      },
      primary: "changes",
      pauseMsMax: 15_000,
    },
  ];

  test.each(faults.map((fault) => [fault.name, fault] as const))(
    "%s",
    async (_, fault) => {
      expect((await trials.run(fault)).problems).toEqual([]);
    },
    trialMsMax,
  );

  test("in the end all tablets have the same, and nothing was done twice", async () => {
    expect(await trials.finish()).toEqual([]);
  });
});
