// The Watch of @kubernetes/client-node, made to notice what it would not: a server that is frozen or cut off, an error
// that comes as an event, and how far the server's knowledge reaches while nothing happens.
import type { KubeConfig, Watch } from "@kubernetes/client-node";
import type { KubeAccess } from "./kube-access.ts";

export interface WatchHooks {
  /** The server ends a watch after this; 2 s before it sends a bookmark, if it knows of anything new. */
  readonly roundSeconds: number;
  /** A watch is about to begin. */
  readonly onRound: () => void;
  /** All that has happened up to this version of the whole store has been told. */
  readonly onProgress: (resourceVersion: string) => void;
}

/** A watch that is silent for so much longer than it was to last is dead. */
const graceMs = 2_000;

/** For an informer, which begins a new watch whenever one has ended. */
export function attentiveWatch({ client, config }: KubeAccess, hooks: WatchHooks, signal: AbortSignal): Watch {
  class AttentiveWatch extends client.Watch {
    constructor(config: KubeConfig) {
      super(config);
      // Its own field: how long it may be silent. 30 s otherwise.
      Object.assign(this, { requestTimeoutMs: 1_000 * hooks.roundSeconds + graceMs });
    }

    override async watch(...[path, query, callback, done]: Parameters<Watch["watch"]>): Promise<AbortController> {
      hooks.onRound();
      let failure: unknown;
      const onEvent: typeof callback = (type, object, whole) => {
        // 410 is the informer's: it begins with a list again.
        if (type === "ERROR" && object?.code !== 410)
          failure = Object.assign(new Error("error event"), { statusCode: object?.code, body: object });
        callback(type, object, whole);
        if (type !== "ERROR") hooks.onProgress(object.metadata.resourceVersion);
      };
      // An informer takes silence for a quiet time.
      const onEnd: typeof done = (error) => done(failure ?? (isTimeLimit(error) ? new Error("time limit") : error));
      const limited = { ...query, allowWatchBookmarks: true, timeoutSeconds: hooks.roundSeconds };
      try {
        this.config = config();
        const controller = await super.watch(path, limited, onEvent, onEnd);
        if (signal.aborted) controller.abort();
        return controller;
      } catch (error) {
        // The credentials cannot be read, for example.
        onEnd(error);
        return new AbortController();
      }
    }
  }
  return new AttentiveWatch(config());
}

function isTimeLimit(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}
