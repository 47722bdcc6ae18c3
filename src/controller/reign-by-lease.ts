// Being the only controller by a lease: taken when it is free, renewed while at work, given up when it cannot be renewed
// in its time.
import { delayUnlessAborted } from "../base/delay.ts";
import { type LeaseAnswer, leaseCandidate } from "../topology/lease-candidate.ts";
import type { LeaseStore } from "../topology/store.ts";
import type { Reign } from "./reign.ts";

export interface ReignOptions {
  /** One run of one process: it goes on with its own lease when it has been without it for a while. */
  readonly identity: string;
  /** Told once, of the holder that is waited for. */
  readonly onWaiting?: (holder: string) => void;
  readonly leaseSeconds?: number;
}

export const controllerLease = "controller";

/** undefined: aborted before. While the store is away the lease is asked for again and again. */
export async function reignByLease(
  leases: LeaseStore,
  signal: AbortSignal,
  { identity, onWaiting = () => {}, leaseSeconds = 15 }: ReignOptions,
): Promise<Reign | undefined> {
  const candidate = leaseCandidate(leases, controllerLease, {
    holderIdentity: identity,
    leaseDurationSeconds: leaseSeconds,
  });
  const pauseMs = (1_000 * leaseSeconds) / 5;
  let told = false;
  while (!signal.aborted) {
    const answer = await candidate.acquire().catch(() => undefined);
    if (answer?.kind === "held") {
      const lost = new AbortController();
      const ended = renewUntil(
        AbortSignal.any([signal, lost.signal]),
        answer.validUntilMs,
        candidate.renew,
        pauseMs,
      ).finally(() => lost.abort());
      return {
        signal: AbortSignal.any([signal, lost.signal]),
        async release() {
          lost.abort();
          await ended;
          // Who cannot be told waits until the lease has run out.
          await candidate.release().catch(() => {});
        },
      };
    }
    if (answer?.by !== undefined && !told) {
      told = true;
      onWaiting(answer.by);
    }
    await delayUnlessAborted(pauseMs, signal);
  }
  return undefined;
}

/** Resolves when the lease is another's or has run out, or on abort. */
async function renewUntil(
  signal: AbortSignal,
  validUntilMs: number,
  renew: () => Promise<LeaseAnswer>,
  everyMs: number,
): Promise<void> {
  let endMs = validUntilMs;
  while (!signal.aborted) {
    await delayUnlessAborted(Math.min(everyMs, Math.max(0, endMs - performance.now())), signal);
    if (signal.aborted || performance.now() >= endMs) return;
    const answered = new AbortController();
    const end = delayUnlessAborted(Math.max(0, endMs - performance.now()), AbortSignal.any([signal, answered.signal]));
    const answer = await Promise.race([renew().catch(() => undefined), end.then(() => undefined)]);
    answered.abort();
    if (answer?.kind === "taken" && answer.by !== undefined) return;
    if (answer?.kind === "held") endMs = answer.validUntilMs;
  }
}
