// One call to the API server, brought to an end: within a time limit, again where the server asks for that or has not
// answered, with credentials read again where they are not accepted. Whoever calls writes only by compare-and-swap, so
// that a write may be sent twice.
import type {
  ConfigurationOptions,
  ObservableMiddleware,
  RequestContext,
  ResponseContext,
} from "@kubernetes/client-node";
import { backoff } from "../base/backoff.ts";
import { delay } from "../base/delay.ts";
import type { CallLimits, KubeAccess } from "./kube-access.ts";
import { answerIn, away, refusal } from "./kube-error.ts";

export interface KubeCall<T> {
  /** Completes "cannot ..." in errors. */
  readonly what: string;
  readonly send: (access: KubeAccess, options: CallOptions) => Promise<T>;
  readonly contentType?: string;
  /** Instead of those of the access. */
  readonly limits?: CallLimits;
}

export type CallOptions = ConfigurationOptions<ObservableMiddleware>;

/** Throws AppErrors of kube-error.ts. */
export async function callKube<T>(access: KubeAccess, call: KubeCall<T>): Promise<T> {
  const { what, send, contentType, limits = access.limits } = call;
  const endMs = performance.now() + limits.callMs;
  const pause = backoff({ firstMs: 50, maxMs: 250 });
  let hasRenewed = false;
  for (;;) {
    const leftMs = Math.ceil(Math.max(1, endMs - performance.now()));
    const signal = AbortSignal.timeout(Math.min(limits.attemptMs, leftMs));
    let waitMs: number;
    let failure: unknown;
    try {
      return await send(access, callOptions(access, signal, contentType));
    } catch (error) {
      const answer = answerIn(error);
      // fetch says why it has failed; other TypeErrors are bugs.
      if (error instanceof TypeError && error.cause === undefined) throw error;
      if (answer === undefined) {
        access.renewConnections();
        failure = away(what, access.server, signal.aborted ? new Error("time limit") : error);
        waitMs = pause.next();
      } else {
        failure = refusal(what, answer);
        if (answer.status === 401 && !hasRenewed) {
          hasRenewed = true;
          access.renewCredentials();
          waitMs = 0;
        } else {
          if (answer.retryAfterMs === undefined && answer.status < 500) throw failure;
          // Not all that were sent away come back at once.
          waitMs = answer.retryAfterMs === undefined ? pause.next() : answer.retryAfterMs * (1 + Math.random() / 2);
        }
      }
    }
    if (performance.now() + waitMs >= endMs) throw failure;
    await delay(waitMs);
  }
}

function callOptions({ client }: KubeAccess, signal: AbortSignal, contentType: string | undefined): CallOptions {
  const middleware = {
    pre(context: RequestContext) {
      context.setSignal(signal);
      if (contentType !== undefined) context.setHeaderParam("Content-Type", contentType);
      return new client.Observable(Promise.resolve(context));
    },
    post: (response: ResponseContext) => new client.Observable(Promise.resolve(response)),
  };
  return { middleware: [middleware], middlewareMergeStrategy: "append" };
}
