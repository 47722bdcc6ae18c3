// One who wants a lease: asks the store, decides purely (lease.ts), writes by compare-and-swap. It makes one attempt per
// call and keeps no timer: how often it is called, and what is to be done when it is lost, is the caller's.
import {
  type Candidate,
  checkCandidate,
  claimLease,
  freeInMs,
  type Lease,
  type ObservedLease,
  observeLease,
  releasedLease,
} from "./lease.ts";
import { isConflict, type LeaseStore } from "./store.ts";

export type LeaseAnswer =
  | {
      readonly kind: "held";
      /** Another number than that of every holder before. */
      readonly transitions: number;
      /** By the clock that was passed in. From then on others may take it; counted from before it was written. */
      readonly validUntilMs: number;
    }
  | {
      readonly kind: "taken";
      /** undefined: another has written at the same moment; who, the next attempt tells. */
      readonly by: string | undefined;
      /** 0: it may be tried again at once. */
      readonly freeInMs: number;
    };

/** Who has a lease, as far as one can tell by looking at it. */
export type LeaseSight =
  /** In this reign, which `acquire` or `renew` told of; until when, they told as well. */
  | { readonly kind: "ours" }
  | { readonly kind: "others"; readonly by: string }
  /** Also while it is the own name's from an earlier run: it is free for that name. */
  | { readonly kind: "free" };

export interface LeaseCandidate {
  /** Reads it, and writes nothing. Throws what the store throws. */
  look(): Promise<LeaseSight>;
  /** Takes the lease if it is free or has run out, and renews it if it is ours. Throws what the store throws. */
  acquire(): Promise<LeaseAnswer>;
  /** Only if it has been ours without a break; never takes it from another. Throws what the store throws. */
  renew(): Promise<LeaseAnswer>;
  /** Lets go if it is ours; the next one may take it at once. */
  release(): Promise<void>;
}

export interface LeaseClock {
  /** Monotonic milliseconds; goes on while the process is stopped. */
  readonly now: () => number;
  /** RFC 3339 with microseconds, as Kubernetes wants it; for people. */
  readonly wallTime: () => string;
}

export const leaseClock: LeaseClock = {
  now: () => performance.now(),
  wallTime: () => new Date().toISOString().replace("Z", "000Z"),
};

/** Throws AppError "invalid-lease". */
export function leaseCandidate(
  store: LeaseStore,
  name: string,
  candidate: Candidate,
  { now, wallTime }: LeaseClock = leaseClock,
): LeaseCandidate {
  checkCandidate(candidate);
  let observed: ObservedLease | undefined;
  /** Number of the reign that is ours, or was the last that was. */
  let ours: number | undefined;

  const look = async (): Promise<ObservedLease | undefined> => {
    const found = await store.get(name);
    observed = found && observeLease(observed, found, now());
    return observed;
  };

  const write = async (lease: Lease): Promise<LeaseAnswer> => {
    const writtenAtMs = now();
    try {
      const version = await store.put(name, lease, observed?.version ?? "absent");
      observed = { lease, version, seenAtMs: writtenAtMs };
    } catch (error) {
      if (!isConflict(error)) throw error;
      return { kind: "taken", by: undefined, freeInMs: 0 };
    }
    ours = lease.leaseTransitions;
    const validUntilMs = writtenAtMs + 1_000 * lease.leaseDurationSeconds;
    return { kind: "held", transitions: lease.leaseTransitions, validUntilMs };
  };

  const taken = (): LeaseAnswer => {
    const by = observed?.lease.holderIdentity;
    return { kind: "taken", by, freeInMs: observed ? Math.max(0, freeInMs(observed, now())) : 0 };
  };

  const isOurs = (found: ObservedLease | undefined): boolean =>
    found?.lease.holderIdentity === candidate.holderIdentity && found.lease.leaseTransitions === ours;

  return {
    async look() {
      const found = await look();
      if (isOurs(found)) return { kind: "ours" };
      const by = found?.lease.holderIdentity;
      if (by === undefined || by === candidate.holderIdentity || freeInMs(found!, now()) <= 0) return { kind: "free" };
      return { kind: "others", by };
    },

    async acquire() {
      await look();
      const lease = claimLease(candidate, observed, now(), wallTime());
      return lease ? await write(lease) : taken();
    },

    async renew() {
      const found = await look();
      const lease = isOurs(found) ? claimLease(candidate, found, now(), wallTime()) : undefined;
      return lease ? await write(lease) : taken();
    },

    async release() {
      const found = await look();
      if (found?.lease.holderIdentity !== candidate.holderIdentity) return;
      try {
        await store.put(name, releasedLease(found.lease, wallTime()), found.version);
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    },
  };
}
