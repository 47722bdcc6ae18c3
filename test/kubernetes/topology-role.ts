// What docs/topology.md says that processes need to be allowed: read out of it, so that the tests prove it.
import { readFileSync } from "node:fs";
import type { ControlPlane, User } from "./control-plane.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const page = readFileSync(new URL("../../docs/topology.md", import.meta.url), "utf8");

/** Agents, controllers and whoever makes clusters. */
export const writerRules = rulesOf("shardgres-topology-writer");

/** Gateways. */
export const readerRules = rulesOf("shardgres-topology-reader");

function rulesOf(role: string): readonly Rule[] {
  const yaml = page.slice(page.indexOf(`name: ${role}`)).split(/^---$|^```$/m)[0]!;
  const rules = [...yaml.matchAll(/- \{ apiGroups: \[(.*)\], resources: \[(.*)\], verbs: \[(.*)\] \}/g)];
  if (rules.length === 0) throw new Error(`docs/topology.md has no role ${role}`);
  const words = (text: string) => text.split(", ").map((word) => (word === '""' ? "" : word));
  return rules.map(([, groups, resources, verbs]) => ({
    apiGroups: words(groups!),
    resources: words(resources!),
    verbs: words(verbs!),
  }));
}

export async function createNamespace({ call }: ControlPlane, name: string): Promise<void> {
  await call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
}

export async function allow(
  { call }: ControlPlane,
  { name }: Pick<User, "name">,
  namespace: string,
  rules: readonly Rule[],
): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const apiGroup = "rbac.authorization.k8s.io";
  await call("POST", `${path}/roles`, { metadata: { name }, rules });
  await call("POST", `${path}/rolebindings`, {
    metadata: { name },
    subjects: [{ kind: "User", name, apiGroup }],
    roleRef: { kind: "Role", name, apiGroup },
  });
}
