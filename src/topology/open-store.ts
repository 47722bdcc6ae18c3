// Where a topology is, as processes are told: the directory of a local store, or a cluster in Kubernetes.
import { AppError } from "../base/app-error.ts";
import { kubernetesStore } from "./kubernetes-store.ts";
import { localStore } from "./local-store.ts";
import type { TopologyStore } from "./store.ts";

export type StorePlace =
  | { readonly kind: "directory"; readonly directory: string }
  /** `namespace` undefined: the one of the kubeconfig's context, or of the pod. */
  | { readonly kind: "kubernetes"; readonly namespace: string | undefined; readonly cluster: string };

const scheme = "kubernetes:";
const name = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const kubernetesPlace = new RegExp(`^(?:(?<namespace>${name})/)?(?<cluster>${name})$`);

/** "kubernetes:NAMESPACE/CLUSTER", "kubernetes:CLUSTER", or else a directory. Throws AppError "bad-topology". */
export function parseStorePlace(text: string): StorePlace {
  if (!text.startsWith(scheme)) {
    if (text === "") throw new AppError("bad-topology", "the place of the topology is empty");
    return { kind: "directory", directory: text };
  }
  const { namespace, cluster } = kubernetesPlace.exec(text.slice(scheme.length))?.groups ?? {};
  if (cluster !== undefined) return { kind: "kubernetes", namespace, cluster };
  throw new AppError("bad-topology", `"${text}" names no topology in Kubernetes`, {
    hint: "It is kubernetes:NAMESPACE/CLUSTER, of a-z, 0-9 and -.",
  });
}

/** Nothing is asked yet. With Kubernetes the kubeconfig is found as kubectl finds it, unless one is named. */
export function openStore(
  place: StorePlace,
  { kubeconfig, context }: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined } = {},
): TopologyStore {
  if (place.kind === "directory") return localStore(place.directory);
  const { namespace, cluster } = place;
  return kubernetesStore({ namespace, cluster, kubeconfig, context });
}
