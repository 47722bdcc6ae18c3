// What docs/topology.md says that processes need to be allowed, bound to users of a test.
import type { ControlPlane, User } from "./control-plane.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Agents, controllers and whoever makes clusters. */
export const writerRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "patch"] },
];

/** Gateways. */
export const readerRules: readonly Rule[] = [
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
];

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
