// What can go wrong with a call, as this program says it. The API server answers a refusal with a Status object; its
// `reason` and `message` are kept, its headers and the library's wording are not.
import { AppError } from "../base/app-error.ts";

/** Codes: "kube-not-found", "kube-conflict", "kube-already-exists", "kube-forbidden", "kube-refused", "kube-away". */
export interface KubeAnswer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly message: string;
  /** The server has not done it, and asks to be asked again after this time. */
  readonly retryAfterMs: number | undefined;
}

/** undefined: there was no answer, or it was cut off. */
export function answerIn(error: unknown): KubeAnswer | undefined {
  if (!(error instanceof Error)) return undefined;
  // The generated calls say `code`, a watch says `statusCode`.
  const { code, statusCode, body, headers } = error as { [name: string]: unknown } & Error;
  const status = typeof code === "number" ? code : statusCode;
  // Errors of the DOM, like that of a time limit, have small numbers of their own.
  if (typeof status !== "number" || status < 300) return undefined;
  const { reason, message } = statusObject(body);
  return {
    status,
    reason,
    message: message ?? (status === 401 ? "Unauthorized" : `status ${status}`),
    retryAfterMs: retryAfterMs(status, headers),
  };
}

/** `what` completes "cannot ...". */
export function refusal(what: string, { status, reason, message }: KubeAnswer): AppError {
  const code =
    status === 404
      ? "kube-not-found"
      : status === 409
        ? reason === "AlreadyExists"
          ? "kube-already-exists"
          : "kube-conflict"
        : status === 401 || status === 403
          ? "kube-forbidden"
          : "kube-refused";
  const options = code === "kube-forbidden" ? { hint: "docs/topology.md says which permissions are needed." } : {};
  return new AppError(code, `Kubernetes: cannot ${what}: ${message}`, options);
}

/** What was asked for may have been done or not. */
export function away(what: string, server: string, cause: unknown): AppError {
  const why = innermost(cause);
  const options = { retry: "after-failover", cause } as const;
  return new AppError("kube-away", `Kubernetes: cannot ${what}: no answer from ${server}: ${why}`, options);
}

/** What has ended a watch; `status` undefined: nobody has answered. */
export function watchFailure(
  { namespace, server }: { readonly namespace: string; readonly server: string },
  error: unknown,
): { readonly reason: Error; readonly status: number | undefined } {
  // A list that failed has been explained already.
  if (error instanceof AppError) return { reason: error, status: 0 };
  const what = `watch configmaps in namespace ${namespace}`;
  const answer = answerIn(error);
  return answer
    ? { reason: refusal(what, answer), status: answer.status }
    : { reason: away(what, server, error), status: undefined };
}

function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  return error.cause === undefined ? error.message : innermost(error.cause);
}

function statusObject(body: unknown): { reason?: string; message?: string } {
  try {
    const status: unknown = typeof body === "string" ? JSON.parse(body) : body;
    if (typeof status !== "object" || status === null) return {};
    const { reason, message } = status as { [name: string]: unknown };
    return {
      ...(typeof reason === "string" && { reason }),
      ...(typeof message === "string" && { message }),
    };
  } catch {
    return typeof body === "string" && body.trim() !== "" ? { message: body.trim().slice(0, 500) } : {};
  }
}

/** The header is in seconds. Without it, a server that is overloaded or just starting is given a second. */
function retryAfterMs(status: number, headers: unknown): number | undefined {
  const header = (headers as { readonly [name: string]: string } | undefined)?.["retry-after"];
  const seconds = header === undefined ? Number.NaN : Number(header);
  if (Number.isFinite(seconds) && seconds >= 0) return 1_000 * seconds;
  return status === 429 || status === 502 || status === 503 || status === 504 ? 1_000 : undefined;
}
