// The topology in Kubernetes: one ConfigMap for each document, its JSON in `data.document`, changed only with the
// resourceVersion that was read; and Leases (kubernetes-leases.ts). docs/topology.md tells what people see of it.
import { randomUUID } from "node:crypto";
import { AppError } from "../base/app-error.ts";
import { parseJson } from "../base/json.ts";
import {
  type ConfigMap,
  changeConfigMap,
  configMapOf,
  createConfigMap,
  deleteConfigMap,
  listConfigMaps,
  readConfigMap,
} from "../kube/config-maps.ts";
import { type KubeAccess, type KubeOptions, openKube } from "../kube/kube-access.ts";
import { watchConfigMaps } from "../kube/watch-config-maps.ts";
import { clusterKey } from "./documents.ts";
import { kubernetesLeases } from "./kubernetes-leases.ts";
import {
  checkClusterName,
  clusterLabel,
  isRefusedVersion,
  keyOfObject,
  labelsOf,
  objectNameOf,
  writeAnnotation,
} from "./kubernetes-objects.ts";
import { conflict, type Entry, isBelow, type StoreEvent, type TopologyStore } from "./store.ts";

export interface KubernetesStoreOptions extends KubeOptions {
  /** Several clusters may be in one namespace. */
  readonly cluster: string;
  /** About as often a watch says that it is up to date, or finds out that it is not. */
  readonly roundSeconds?: number;
}

/** Kubernetes is not asked before the first method is called. Throws AppError "invalid-cluster-name". */
export function kubernetesStore({ cluster, roundSeconds = 5, ...options }: KubernetesStoreOptions): TopologyStore {
  checkClusterName(cluster);
  let opening: Promise<KubeAccess> | undefined;
  const access = () => {
    opening ??= openKube(options).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const labelSelector = `${clusterLabel}=${cluster}`;
  const selection = (below: string) =>
    below === "" || below.endsWith("/")
      ? { labelSelector }
      : { labelSelector, fieldSelector: `metadata.name=${objectNameOf(cluster, below)}` };
  const entriesBelow = (below: string, configMaps: readonly ConfigMap[]) =>
    configMaps
      .map((configMap) => readEntry(cluster, configMap))
      .filter(({ key }) => isBelow(below, key))
      .sort((a, b) => (a.key < b.key ? -1 : 1));

  return {
    async get(key) {
      const found = await readConfigMap(await access(), objectNameOf(cluster, key));
      return found && readEntry(cluster, found);
    },

    async list(below) {
      const { items } = await listConfigMaps(await access(), selection(below));
      return entriesBelow(below, items.map(configMapOf));
    },

    async put(key, value, expected) {
      const kube = await access();
      const name = objectNameOf(cluster, key);
      const write = randomUUID();
      const change = {
        annotations: { [writeAnnotation]: write },
        data: { document: `${JSON.stringify(value, null, 2)}\n` },
      };
      try {
        const written =
          expected === "absent"
            ? await createConfigMap(kube, name, { ...change, labels: labelsOf(cluster) })
            : await changeConfigMap(kube, name, expected, change);
        return written.resourceVersion;
      } catch (error) {
        if (!isRefusedVersion(error)) throw error;
        const found = await readConfigMap(kube, name);
        if (found?.annotations[writeAnnotation] === write) return found.resourceVersion;
        throw conflict(key);
      }
    },

    async delete(key, expected) {
      try {
        await deleteConfigMap(await access(), objectNameOf(cluster, key), expected);
      } catch (error) {
        throw isRefusedVersion(error) ? conflict(key) : error;
      }
    },

    async *watch(below, signal): AsyncGenerator<StoreEvent> {
      let key: string | undefined;
      const watching = { selection: selection(below), probe: objectNameOf(cluster, clusterKey), roundSeconds };
      for await (const event of watchConfigMaps(await access(), watching, signal)) {
        switch (event.kind) {
          case "state":
            yield { kind: "state", entries: entriesBelow(below, event.configMaps) };
            break;
          case "put":
            for (const entry of entriesBelow(below, [event.configMap])) yield { kind: "put", entry };
            break;
          case "delete":
            key = keyOfObject(cluster, event.configMap.name);
            if (key !== undefined && isBelow(below, key)) yield { kind: "delete", key };
            break;
          default:
            yield event;
        }
      }
    },

    leases: kubernetesLeases(cluster, access),
  };
}

/** Throws AppError "invalid-document". */
function readEntry(cluster: string, { name, resourceVersion, labels, data }: ConfigMap): Entry {
  const invalid = (problem: string, cause?: unknown) =>
    new AppError("invalid-document", `configmap ${name} is not a topology document: ${problem}`, { cause });
  const key = keyOfObject(cluster, name);
  if (key === undefined) throw invalid(`its name is not "${cluster}." and a key`);
  if (labels[clusterLabel] !== cluster) throw invalid(`it lacks the label ${clusterLabel}=${cluster}`);
  if (data.document === undefined) throw invalid('it has no "document"');
  try {
    return { key, value: parseJson(data.document, "it"), version: resourceVersion };
  } catch (error) {
    throw invalid('its "document" is not valid JSON', error);
  }
}
