// Leases as Kubernetes has them, coordination.k8s.io/v1: the fields are the same.
import { randomUUID } from "node:crypto";
import type { KubeAccess } from "../kube/kube-access.ts";
import { changeKubeLease, createKubeLease, type KubeLease, readKubeLease } from "../kube/kube-leases.ts";
import { isRefusedVersion, labelsOf, objectNameOf, writeAnnotation } from "./kubernetes-objects.ts";
import { type Lease, readLease } from "./lease.ts";
import { conflict, type LeaseStore } from "./store.ts";

export function kubernetesLeases(cluster: string, access: () => Promise<KubeAccess>): LeaseStore {
  return {
    async get(name) {
      const found = await readKubeLease(await access(), objectNameOf(cluster, name));
      return found && { lease: readFields(name, found), version: found.resourceVersion };
    },

    async put(name, lease, expected) {
      const kube = await access();
      const objectName = objectNameOf(cluster, name);
      const write = randomUUID();
      const change = { annotations: { [writeAnnotation]: write }, spec: writeFields(lease) };
      try {
        const written =
          expected === "absent"
            ? await createKubeLease(kube, objectName, { ...change, labels: labelsOf(cluster) })
            : await changeKubeLease(kube, objectName, expected, change);
        return written.resourceVersion;
      } catch (error) {
        if (!isRefusedVersion(error)) throw error;
        const found = await readKubeLease(kube, objectName);
        if (found?.annotations[writeAnnotation] === write) return found.resourceVersion;
        throw conflict(`lease ${name}`);
      }
    },
  };
}

const fieldNames = ["holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaseTransitions"] as const;

/** Newer versions of Kubernetes have fields that are not ours. */
function readFields(name: string, { spec }: KubeLease): Lease {
  const ours = fieldNames.filter((field) => spec[field] !== undefined).map((field) => [field, spec[field]!] as const);
  return readLease(name, Object.fromEntries(ours));
}

/** A released lease has no holder; an absent field would leave the one that is there. */
function writeFields({
  holderIdentity = undefined,
  ...fields
}: Lease): Readonly<Record<string, string | number | null>> {
  return { ...fields, holderIdentity: holderIdentity ?? null };
}
