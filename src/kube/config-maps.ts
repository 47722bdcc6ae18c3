// The calls for ConfigMaps. Each names its object in the errors that it throws (kube-error.ts).
import type { V1ConfigMap, V1ConfigMapList } from "@kubernetes/client-node";
import { errorCode } from "../base/error-code.ts";
import type { CallLimits, KubeAccess } from "./kube-access.ts";
import { callKube } from "./kube-call.ts";

/** A list of thousands takes longer than one object. */
const listLimits: CallLimits = { attemptMs: 10_000, callMs: 15_000 };

type Texts = Readonly<Record<string, string>>;

export interface ConfigMap {
  readonly name: string;
  readonly resourceVersion: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly data: Texts;
}

/** What is to be written. Absent fields stay as they are. */
export interface ConfigMapChange {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly data?: Texts;
}

export interface ConfigMapSelection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** undefined: there is none. */
export async function readConfigMap(access: KubeAccess, name: string): Promise<ConfigMap | undefined> {
  const { namespace } = access;
  try {
    const found = await callKube(access, {
      what: `read configmap ${namespace}/${name}`,
      send: ({ core }, options) => core().readNamespacedConfigMap({ name, namespace }, options),
    });
    return configMapOf(found);
  } catch (error) {
    if (errorCode(error) === "kube-not-found") return undefined;
    throw error;
  }
}

/** As etcd has them now, not as a cache of the API server remembers them. */
export async function listConfigMaps(
  access: KubeAccess,
  selection: ConfigMapSelection,
  limits: CallLimits = listLimits,
): Promise<V1ConfigMapList> {
  const { namespace } = access;
  return await callKube(access, {
    what: `list configmaps in namespace ${namespace}`,
    send: ({ core }, options) => core().listNamespacedConfigMap({ namespace, ...selection }, options),
    limits,
  });
}

/** Throws AppError "kube-already-exists". */
export async function createConfigMap(
  access: KubeAccess,
  name: string,
  { labels = {}, annotations = {}, data = {} }: ConfigMapChange,
): Promise<ConfigMap> {
  const { namespace } = access;
  const body = { metadata: { name, labels, annotations }, data };
  const created = await callKube(access, {
    what: `create configmap ${namespace}/${name}`,
    send: ({ core }, options) => core().createNamespacedConfigMap({ namespace, body }, options),
  });
  return configMapOf(created);
}

/** What others have added stays. Throws AppError "kube-conflict" if it has another version, or "kube-not-found". */
export async function changeConfigMap(
  access: KubeAccess,
  name: string,
  resourceVersion: string,
  { labels = {}, annotations = {}, data = {} }: ConfigMapChange,
): Promise<ConfigMap> {
  const { namespace, client } = access;
  const body = { metadata: { resourceVersion, labels, annotations }, data };
  const changed = await callKube(access, {
    what: `change configmap ${namespace}/${name}`,
    send: ({ core }, options) => core().patchNamespacedConfigMap({ name, namespace, body }, options),
    contentType: client.PatchStrategy.MergePatch,
  });
  return configMapOf(changed);
}

/** Throws AppError "kube-conflict" if it has another version, or "kube-not-found". */
export async function deleteConfigMap(access: KubeAccess, name: string, resourceVersion: string): Promise<void> {
  const { namespace } = access;
  const body = { preconditions: { resourceVersion } };
  await callKube(access, {
    what: `delete configmap ${namespace}/${name}`,
    send: ({ core }, options) => core().deleteNamespacedConfigMap({ name, namespace, body }, options),
  });
}

export function configMapOf({ metadata = {}, data = {} }: V1ConfigMap): ConfigMap {
  const { name = "", resourceVersion = "", labels = {}, annotations = {} } = metadata;
  return { name, resourceVersion, labels, annotations, data };
}
