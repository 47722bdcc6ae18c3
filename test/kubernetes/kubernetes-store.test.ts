// The topology in a real Kubernetes: what every store must do, and what is its own.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { kubernetesStore } from "../../src/topology/kubernetes-store.ts";
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
});
