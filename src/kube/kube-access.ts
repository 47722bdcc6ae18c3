// The way to one Kubernetes API server: where it is and as whom one comes is found as kubectl finds it (KUBECONFIG,
// ~/.kube/config, then the pod's service account). The package @kubernetes/client-node is loaded here, and only when
// Kubernetes is used: it costs 90 MB of memory and half a second.
import type { CoordinationV1Api, CoreV1Api, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { AppError } from "../base/app-error.ts";

export type KubernetesClient = typeof import("@kubernetes/client-node");

export interface KubeOptions {
  /** File to use instead of the one that is found. */
  readonly kubeconfig?: string | undefined;
  /** Of that file, instead of its current one. */
  readonly context?: string | undefined;
  /** Instead of the one of the context or the pod. */
  readonly namespace?: string | undefined;
  readonly limits?: CallLimits;
}

export interface CallLimits {
  /** After this without an answer a call is sent again, on another connection. */
  readonly attemptMs: number;
  /** After this it fails. */
  readonly callMs: number;
}

/** A lease of 6 s that is renewed every second bears a call that fails. */
const defaultLimits: CallLimits = { attemptMs: 1_500, callMs: 4_000 };

export interface KubeAccess {
  readonly client: KubernetesClient;
  readonly server: string;
  readonly namespace: string;
  readonly limits: CallLimits;
  config(): KubeConfig;
  core(): CoreV1Api;
  coordination(): CoordinationV1Api;
  /**
   * Reads files with tokens and certificates again: those that were used are not accepted any more. What cannot be read at
   * the moment stays as it was.
   */
  renewCredentials(): void;
  /** Uses none of the connections again that are there: the server behind them has not answered. */
  renewConnections(): void;
}

/** Throws AppError "no-kubernetes", with what is wrong with the configuration. */
export async function openKube(options: KubeOptions = {}): Promise<KubeAccess> {
  const client = await import("@kubernetes/client-node");
  const read = () => loadConfig(client, options);
  const first = read();
  const cluster = first.getCurrentCluster();
  if (!cluster) throw noKubernetes("the current context of the kubeconfig names no cluster");
  const namespace = options.namespace ?? first.getContextObject(first.getCurrentContext())?.namespace?.trim();

  let config = first;
  let core = config.makeApiClient(client.CoreV1Api);
  let coordination = config.makeApiClient(client.CoordinationV1Api);
  return {
    client,
    server: cluster.server,
    namespace: namespace || "default",
    limits: options.limits ?? defaultLimits,
    config: () => config,
    core: () => core,
    coordination: () => coordination,
    renewCredentials() {
      const before = config;
      try {
        config = read();
      } catch (error) {
        if (error instanceof AppError) return;
        throw error;
      }
      before.renewConnections();
      core = config.makeApiClient(client.CoreV1Api);
      coordination = config.makeApiClient(client.CoordinationV1Api);
    },
    renewConnections: () => config.renewConnections(),
  };
}

function loadConfig(client: KubernetesClient, { kubeconfig, context }: KubeOptions) {
  /** KubeConfig makes a pool of connections for each request, so that each begins with a handshake; this keeps one. */
  class PooledKubeConfig extends client.KubeConfig {
    #pool: ReturnType<RequestContext["getDispatcher"]>;

    override async applySecurityAuthentication(context: RequestContext): Promise<void> {
      await super.applySecurityAuthentication(context);
      this.#pool ??= context.getDispatcher();
      if (this.#pool) context.setDispatcher(this.#pool);
    }

    renewConnections(): void {
      // Requests that are under way end by themselves or by their time limits.
      void this.#pool?.close().catch(() => {});
      this.#pool = undefined;
    }
  }

  const config = new PooledKubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw noKubernetes(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw noKubernetes(`the kubeconfig has no context "${context}"`);
    config.setCurrentContext(context);
  } else if (isFallback(config)) {
    throw noKubernetes("there is neither a kubeconfig nor the service account of a pod");
  }
  return config;
}

/** What loadFromDefault makes up when it has found nothing. */
function isFallback(config: KubeConfig): boolean {
  return config.getCurrentContext() === "loaded-context" && config.getUsers().every(({ name }) => name === "user");
}

function noKubernetes(problem: string, cause?: unknown): AppError {
  return new AppError("no-kubernetes", `Kubernetes cannot be used: ${problem}`, {
    hint: "The kubeconfig is looked for as by kubectl: --kubeconfig FILE, KUBECONFIG, ~/.kube/config.",
    cause,
  });
}
