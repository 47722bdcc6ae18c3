// ConfigMaps with a label, as they are and as they change, by the informer of @kubernetes/client-node. It resumes where
// it was, and every few seconds there is proof that nothing has been missed: a read that is answered out of etcd tells
// how far the store has come, and an event or a bookmark that the watch has come as far.
import type { V1ConfigMap } from "@kubernetes/client-node";
import { AppError } from "../base/app-error.ts";
import { backoff } from "../base/backoff.ts";
import { delayUnlessAborted } from "../base/delay.ts";
import { attentiveWatch } from "./attentive-watch.ts";
import { type ConfigMapEvent, ConfigMapNews } from "./config-map-news.ts";
import { type ConfigMapSelection, configMapOf, listConfigMaps } from "./config-maps.ts";
import type { KubeAccess } from "./kube-access.ts";
import { watchFailure } from "./kube-error.ts";

export interface WatchOptions {
  readonly selection: ConfigMapSelection;
  /** Of one of them, or of none: reading it is the proof. */
  readonly probe: string;
  /** How long one watch lasts; about as often comes "current". */
  readonly roundSeconds: number;
}

const probeLimits = { attemptMs: 2_000, callMs: 2_000 };
const pauseMsMax = 1_000;
/** Before a server that is overloaded is asked again. */
const overloadedMs = 1_000;

/** Ends when the signal is aborted. */
export async function* watchConfigMaps(
  access: KubeAccess,
  { selection, probe, roundSeconds }: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<ConfigMapEvent> {
  const { client, namespace } = access;
  const news = new ConfigMapNews();
  /** A list has come. What the informer finds new in it is told as one state, before the watch that follows. */
  let isListing = false;
  /** What has been told: everything up to this version. */
  let told = 0n;
  /** A version that the store had in this round; undefined: not known, or already told and confirmed. */
  let latest: bigint | undefined;
  let isOverloaded = false;

  const confirm = () => {
    if (latest === undefined || told < latest) return;
    latest = undefined;
    news.add({ kind: "current" });
  };
  const onProgress = (resourceVersion: string) => {
    told = versionNumber(resourceVersion) ?? told;
    confirm();
  };
  const onRound = () => {
    if (isListing) news.add({ kind: "state", configMaps: informer.list(namespace).map(configMapOf) });
    isListing = false;
    latest = undefined;
    void latestVersion(access, probe).then((version) => {
      latest = version;
      confirm();
    });
  };
  const list = async () => {
    const found = await listConfigMaps(access, selection);
    isListing = true;
    told = versionNumber(found.metadata?.resourceVersion) ?? 0n;
    return found;
  };

  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
  const watch = attentiveWatch(access, { roundSeconds, onRound, onProgress }, signal);
  // It waits longer and longer between rounds in which nothing happens.
  const delayFn = (ms: number) => delayUnlessAborted(Math.min(ms, pauseMsMax), signal);
  const { labelSelector, fieldSelector } = selection;
  const informer = new client.ListWatch<V1ConfigMap>(path, watch, list, false, labelSelector, fieldSelector, {
    delayFn,
  });
  informer.on("add", (found) => isListing || news.add({ kind: "put", configMap: configMapOf(found) }));
  informer.on("update", (found) => isListing || news.add({ kind: "put", configMap: configMapOf(found) }));
  informer.on("delete", (found) => isListing || news.add({ kind: "delete", configMap: configMapOf(found) }));
  const onFailure = (error: unknown) => {
    const { reason, status } = watchFailure(access, error);
    isOverloaded = status === 429;
    if (status === 401) access.renewCredentials();
    else if (status === undefined) access.renewConnections();
    news.add({ kind: "interrupted", reason });
  };
  informer.on("error", onFailure);

  const pause = backoff({ firstMs: 100, maxMs: 2_000 });
  const wake = () => news.wake();
  signal.addEventListener("abort", wake);
  try {
    informer.start().catch(onFailure);
    while (!signal.aborted) {
      const event = await news.next(signal);
      if (event === undefined) break;
      yield event;
      if (event.kind === "interrupted") {
        await delayUnlessAborted(pause.next() + (isOverloaded ? overloadedMs : 0), signal);
        if (!signal.aborted) informer.start().catch(onFailure);
      } else pause.reset();
    }
  } finally {
    signal.removeEventListener("abort", wake);
    await informer.stop();
  }
}

/** Of the whole store; undefined: etcd has not been reached. */
async function latestVersion(access: KubeAccess, name: string): Promise<bigint | undefined> {
  try {
    const { metadata } = await listConfigMaps(access, { fieldSelector: `metadata.name=${name}` }, probeLimits);
    return versionNumber(metadata?.resourceVersion);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** Versions are numbers of etcd, and comparable (Kubernetes says so since 1.35). */
function versionNumber(resourceVersion: string | undefined): bigint | undefined {
  return resourceVersion !== undefined && /^[0-9]+$/.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
}
