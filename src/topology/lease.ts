// A lease: who may try to lead, as Kubernetes' coordination.k8s.io/v1 Lease has it. Pure: what is stored, what an observer
// knows of it, and what a candidate writes next. Nobody compares the clocks of two machines: an observer counts by its own
// monotonic clock since it last saw the record change; the times in the record are for people. A lease says who may try.
// That nobody else acts is not its promise: a holder may be frozen and wake up late.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import { fieldsOf } from "./document-fields.ts";

export interface Lease {
  /** One run of one process. undefined: it has been released. */
  readonly holderIdentity: string | undefined;
  readonly leaseDurationSeconds: number;
  /** RFC 3339, by the clock of the holder; for people. */
  readonly acquireTime: string;
  readonly renewTime: string;
  /** How often it has gone from one holder to another: the number of a reign. */
  readonly leaseTransitions: number;
}

export interface StoredLease {
  readonly lease: Lease;
  /** Opaque; another one after every write. */
  readonly version: string;
}

/** What one observer knows of one lease. */
export interface ObservedLease extends StoredLease {
  /** When this version was first seen, by the observer's monotonic clock in milliseconds. */
  readonly seenAtMs: number;
}

export interface Candidate {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
}

/** `nowMs` is when the answer of the store had come. */
export function observeLease(before: ObservedLease | undefined, found: StoredLease, nowMs: number): ObservedLease {
  return before?.version === found.version ? before : { ...found, seenAtMs: nowMs };
}

/** In how many milliseconds anybody may take it; 0 or less: now. */
export function freeInMs({ lease, seenAtMs }: ObservedLease, nowMs: number): number {
  return lease.holderIdentity === undefined ? 0 : seenAtMs + 1_000 * lease.leaseDurationSeconds - nowMs;
}

/**
 * What the candidate is to write so as to hold the lease. undefined: it is another's, and not known to have run out.
 * `wallTime` (RFC 3339) goes into the record only.
 */
export function claimLease(
  candidate: Candidate,
  observed: ObservedLease | undefined,
  nowMs: number,
  wallTime: string,
): Lease | undefined {
  const { holderIdentity, leaseDurationSeconds } = candidate;
  const renewed = { holderIdentity, leaseDurationSeconds, renewTime: wallTime };
  if (observed === undefined) return { ...renewed, acquireTime: wallTime, leaseTransitions: 0 };
  const { acquireTime, leaseTransitions } = observed.lease;
  if (observed.lease.holderIdentity === holderIdentity) return { ...renewed, acquireTime, leaseTransitions };
  if (freeInMs(observed, nowMs) > 0) return undefined;
  return { ...renewed, acquireTime: wallTime, leaseTransitions: leaseTransitions + 1 };
}

/** What the holder writes to let go. Transitions are kept: the next holder's number must be another. */
export function releasedLease(lease: Lease, wallTime: string): Lease {
  return { ...lease, holderIdentity: undefined, leaseDurationSeconds: 1, renewTime: wallTime };
}

/** Throws AppError "invalid-document", naming the lease. */
export function readLease(name: string, value: Json): Lease {
  const fields = fieldsOf(`lease ${name}`, value);
  const lease: Lease = {
    holderIdentity: fields.optionalText("holderIdentity"),
    leaseDurationSeconds: fields.integer("leaseDurationSeconds", 1),
    acquireTime: fields.text("acquireTime"),
    renewTime: fields.text("renewTime"),
    leaseTransitions: fields.integer("leaseTransitions", 0),
  };
  fields.end();
  return lease;
}

/** Throws AppError "invalid-lease" for a candidate that no store could keep. */
export function checkCandidate({ holderIdentity, leaseDurationSeconds }: Candidate): void {
  if (holderIdentity === "") throw new AppError("invalid-lease", "the holder of a lease needs a name");
  if (!Number.isSafeInteger(leaseDurationSeconds) || leaseDurationSeconds < 1) {
    throw new AppError("invalid-lease", `a lease lasts whole seconds, at least 1, not ${leaseDurationSeconds}`);
  }
}
