// The options by which every command is told which cluster: one of `shardgres local`, or one in Kubernetes.
import { resolve } from "node:path";
import type { ParseArgsOptionsConfig } from "node:util";
import { parseStorePlace, type StorePlace } from "../topology/open-store.ts";
import { UsageError } from "./command.ts";
import { dataDirOf } from "./understand-options.ts";

export type ClusterPlace =
  /** What `shardgres local` keeps. */
  | { readonly kind: "local"; readonly dataDir: string }
  /** Only the topology: secrets are elsewhere. */
  | {
      readonly kind: "topology";
      readonly place: StorePlace;
      readonly kubeconfig: string | undefined;
      readonly context: string | undefined;
    };

const text = { type: "string" } as const;

/** For parseArgs. */
export const placeOptions = {
  "data-dir": text,
  topology: text,
  cluster: text,
  namespace: { type: "string", short: "n" },
  context: text,
  kubeconfig: text,
} as const satisfies ParseArgsOptionsConfig;

export const placeHelp = `  --data-dir DIR    where "shardgres local" keeps the cluster (default
                    .shardgres)
  --cluster NAME    instead of that: a cluster in Kubernetes, with
  -n, --namespace NAMESPACE, --context NAME, --kubeconfig FILE
                    as kubectl understands them
  --topology PLACE  the same as processes are told it: a directory, or
                    kubernetes:NAMESPACE/CLUSTER
`;

/** Throws UsageError for options that contradict each other, AppError for places that cannot be. */
export function placeOf(values: { readonly [name in keyof typeof placeOptions]?: string | undefined }): ClusterPlace {
  const { topology, cluster, namespace, context, kubeconfig } = values;
  const named = [values["data-dir"] && "--data-dir", topology && "--topology", cluster && "--cluster"].filter(Boolean);
  if (named.length > 1) throw new UsageError(`${named[0]} and ${named[1]} both say where the cluster is`);
  for (const [name, value] of Object.entries({ topology, cluster, namespace, context, kubeconfig })) {
    if (value === "") throw new UsageError(`--${name} must not be empty`);
  }
  const place: StorePlace | undefined =
    cluster !== undefined
      ? { kind: "kubernetes", namespace, cluster }
      : topology === undefined
        ? undefined
        : parseStorePlace(topology);
  if (namespace !== undefined && cluster === undefined) throw new UsageError("--namespace goes with --cluster");
  if (place?.kind !== "kubernetes") {
    const stray = context !== undefined ? "--context" : kubeconfig !== undefined ? "--kubeconfig" : undefined;
    if (stray) throw new UsageError(`${stray} is for clusters in Kubernetes: --cluster NAME`);
  }
  return place ? { kind: "topology", place, kubeconfig, context } : { kind: "local", dataDir: dataDirOf(values) };
}

/** For people. */
export function placeText(cluster: ClusterPlace): string {
  if (cluster.kind === "local") return resolve(cluster.dataDir);
  const { place } = cluster;
  if (place.kind === "directory") return resolve(place.directory);
  const namespace = place.namespace === undefined ? "" : ` in namespace ${place.namespace}`;
  return `Kubernetes under the name ${place.cluster}${namespace}`;
}
