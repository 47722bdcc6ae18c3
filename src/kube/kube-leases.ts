// The calls for Leases of coordination.k8s.io/v1. Each names its object in the errors that it throws (kube-error.ts).
import type { V1Lease } from "@kubernetes/client-node";
import { errorCode } from "../base/error-code.ts";
import type { KubeAccess } from "./kube-access.ts";
import { callKube } from "./kube-call.ts";

type Texts = Readonly<Record<string, string>>;

export interface KubeLease {
  readonly resourceVersion: string;
  readonly annotations: Texts;
  /** As JSON has it: times are texts. Fields that are not set are not there. */
  readonly spec: Readonly<Record<string, string | number>>;
}

export interface KubeLeaseChange {
  readonly labels?: Texts;
  readonly annotations?: Texts;
  /** null: no field any more. */
  readonly spec: Readonly<Record<string, string | number | null>>;
}

/** undefined: there is none. */
export async function readKubeLease(access: KubeAccess, name: string): Promise<KubeLease | undefined> {
  const { namespace } = access;
  try {
    const found = await callKube(access, {
      what: `read lease ${namespace}/${name}`,
      send: ({ coordination }, options) => coordination().readNamespacedLease({ name, namespace }, options),
    });
    return leaseOf(found);
  } catch (error) {
    if (errorCode(error) === "kube-not-found") return undefined;
    throw error;
  }
}

/** Throws AppError "kube-already-exists". */
export async function createKubeLease(
  access: KubeAccess,
  name: string,
  { labels = {}, annotations = {}, spec }: KubeLeaseChange,
): Promise<KubeLease> {
  const { namespace } = access;
  const body = { metadata: { name, labels, annotations }, spec: spec as object };
  const created = await callKube(access, {
    what: `create lease ${namespace}/${name}`,
    send: ({ coordination }, options) => coordination().createNamespacedLease({ namespace, body }, options),
  });
  return leaseOf(created);
}

/** What others have added stays. Throws AppError "kube-conflict" if it has another version, or "kube-not-found". */
export async function changeKubeLease(
  access: KubeAccess,
  name: string,
  resourceVersion: string,
  { labels = {}, annotations = {}, spec }: KubeLeaseChange,
): Promise<KubeLease> {
  const { namespace, client } = access;
  const body = { metadata: { resourceVersion, labels, annotations }, spec };
  const changed = await callKube(access, {
    what: `change lease ${namespace}/${name}`,
    send: ({ coordination }, options) => coordination().patchNamespacedLease({ name, namespace, body }, options),
    contentType: client.PatchStrategy.MergePatch,
  });
  return leaseOf(changed);
}

function leaseOf({ metadata = {}, spec = {} }: V1Lease): KubeLease {
  const { resourceVersion = "", annotations = {} } = metadata;
  // The library says that times are Dates; it leaves them as they came.
  const fields = Object.entries(spec).filter(([, value]) => value !== undefined && value !== null);
  const asJson = ([name, value]: [string, unknown]): [string, string | number] => [
    name,
    typeof value === "number" ? value : value instanceof Date ? value.toISOString() : String(value),
  ];
  return { resourceVersion, annotations, spec: Object.fromEntries(fields.map(asJson)) };
}
