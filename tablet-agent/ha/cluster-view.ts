// What one tablet agent knows when it decides. Everything may be old, and the clock may be wrong: rules that keep data safe
// use only what is on the own disk, what others answered after they had written it to theirs, and compare-and-swap.
import type { Cohort } from "./cohort.ts";
import type { Pledge, TabletAnswer } from "./pledge.ts";
import type { WalPosition } from "./wal-position.ts";

/** The shard's document in the topology. */
export interface ShardRecord {
  readonly term: number;
  readonly primary: string;
  readonly cohort: Cohort;
  /** For compare-and-swap. */
  readonly version: number;
}

export type PostgresState =
  | { readonly kind: "stopped" }
  | { readonly kind: "primary"; readonly term: number }
  | { readonly kind: "standby"; readonly follows: { readonly primary: string; readonly term: number } | undefined };

export type LeaseState =
  /** Until when by the own clock, counted from before it was asked for. */
  | { readonly kind: "mine"; readonly untilMs: number; readonly candidateSinceMs: number | undefined }
  | { readonly kind: "other" }
  | { readonly kind: "free"; readonly sinceMs: number }
  /** The store does not answer. */
  | { readonly kind: "unknown" };

export interface ClusterView {
  readonly self: string;
  /** The own clock. */
  readonly nowMs: number;
  readonly shard: ShardRecord;
  /** On the own disk. */
  readonly pledge: Pledge;
  readonly postgres: PostgresState;
  /** Of the own data; undefined while it is not whole. */
  readonly wal: WalPosition | undefined;
  readonly lease: LeaseState;
  /** Until when this tablet leaves the lease to others, after it could not make use of it. */
  readonly restsUntilMs: number;
  /** The last answer of each other tablet. */
  readonly answers: readonly TabletAnswer[];
}

export interface Patience {
  /** An answer to a question that is older than this confirms nothing. */
  readonly confirmationMs: number;
  /** How long a free lease is left to the primary that the topology names. */
  readonly freeLeaseMs: number;
  /** How long a candidate may look for pledges before it lets somebody else try. */
  readonly candidateMs: number;
}
