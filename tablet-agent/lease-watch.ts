// What this agent knows of its shard's lease. Asking the store is slow and may fail, so what is known may be old: the
// answer to "is it mine" counts from before it was asked for, and whatever is too old is unknown.
import type { LeaseCandidate } from "../src/topology/lease-candidate.ts";
import type { LeaseState } from "./ha/cluster-view.ts";

export interface LeaseWatch {
  state(): LeaseState;
  /** Takes it if it is free, renews it if it is ours. */
  tryFor(): Promise<void>;
  look(): Promise<void>;
  release(): Promise<void>;
  /** Since when we ask for pledges, in the present reign; undefined: not now. */
  setCandidateSince(sinceMs: number | undefined): void;
}

/** What was learnt longer ago says nothing. */
const knownForMs = 3_000;

export function watchLease(candidate: LeaseCandidate, now: () => number): LeaseWatch {
  let heldUntilMs: number | undefined;
  let candidateSinceMs: number | undefined;
  /** What is being asked while it is given up must not bring it back. */
  let trying: Promise<unknown> = Promise.resolve();
  let seen: { readonly kind: "other" | "free"; readonly atMs: number; readonly sinceMs: number } | undefined;

  /** An answer that was long in coming says only now that the lease is free: whoever has lost it gets his time to take it. */
  const see = (kind: "other" | "free", atMs: number) => {
    const isStill = seen?.kind === kind && now() - seen.atMs <= knownForMs;
    seen = { kind, atMs, sinceMs: isStill && seen ? seen.sinceMs : now() };
  };

  return {
    state() {
      const nowMs = now();
      if (heldUntilMs !== undefined && nowMs < heldUntilMs)
        return { kind: "mine", untilMs: heldUntilMs, candidateSinceMs };
      if (!seen || nowMs - seen.atMs > knownForMs) return { kind: "unknown" };
      return seen.kind === "other" ? { kind: "other" } : { kind: "free", sinceMs: seen.sinceMs };
    },

    async tryFor() {
      const askedAtMs = now();
      const attempt = candidate.acquire();
      trying = attempt.catch(() => {});
      const answer = await attempt;
      if (answer.kind === "held") {
        heldUntilMs = answer.validUntilMs;
        seen = undefined;
      } else if (answer.by !== undefined) {
        heldUntilMs = undefined;
        candidateSinceMs = undefined;
        see("other", askedAtMs);
      }
      // Else somebody has written at the same moment: perhaps this one, in an attempt that nobody waits for any more. A
      // primary does not stop for that; the next attempt tells.
    },

    async look() {
      const askedAtMs = now();
      const sight = await candidate.look();
      if (sight.kind === "ours") return;
      heldUntilMs = undefined;
      see(sight.kind === "others" ? "other" : "free", askedAtMs);
    },

    async release() {
      // Whether or not the store hears of it: from here on it is not ours.
      heldUntilMs = undefined;
      candidateSinceMs = undefined;
      await trying;
      heldUntilMs = undefined;
      await candidate.release();
    },

    setCandidateSince(sinceMs) {
      candidateSinceMs = sinceMs;
    },
  };
}
