// How documents and leases of a cluster are called in Kubernetes: "shards/s1" of cluster "main" is the ConfigMap or Lease
// "main.shards.s1". Words of keys have no dots, names of clusters neither, so it goes both ways.
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import { isKey } from "./store.ts";

/** On every ConfigMap and Lease of a cluster; its value is the name of the cluster. */
export const clusterLabel = "shardgres.dev/cluster";

/** Another value with every write, so that a writer recognises its own when the answer was lost. */
export const writeAnnotation = "shardgres.dev/write";

const lengthMax = 253;
const objectName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const clusterName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Throws AppError "invalid-cluster-name". */
export function checkClusterName(cluster: string): void {
  if (clusterName.test(cluster)) return;
  throw new AppError("invalid-cluster-name", `"${cluster}" cannot be the name of a cluster in Kubernetes`, {
    hint: "Use up to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit.",
  });
}

/** Throws AppError "invalid-key" for a key that cannot be a name. */
export function objectNameOf(cluster: string, key: string): string {
  const name = `${cluster}.${key.replaceAll("/", ".")}`;
  if (isKey(key) && objectName.test(name) && name.length <= lengthMax) return name;
  throw new AppError("invalid-key", `"${key}" cannot be the key of a document in Kubernetes`);
}

/** undefined: it is no name of this cluster. */
export function keyOfObject(cluster: string, name: string): string | undefined {
  const key = name.slice(cluster.length + 1).replaceAll(".", "/");
  return name.startsWith(`${cluster}.`) && isKey(key) ? key : undefined;
}

export function labelsOf(cluster: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": "shardgres",
    "app.kubernetes.io/instance": cluster,
    "app.kubernetes.io/component": "topology",
    [clusterLabel]: cluster,
  };
}

/** The object is not as expected, or is not there any more, or is there already. */
export function isRefusedVersion(error: unknown): boolean {
  return ["kube-conflict", "kube-already-exists", "kube-not-found"].includes(errorCode(error) ?? "");
}
