// How long what is waited for. None of it is needed for safety: wrong values cost time.

export interface Patience {
  /** An answer to a question that is older than this confirms nothing. */
  readonly confirmationMs: number;
  /** How long a free lease is left to the primary that the topology names. */
  readonly freeLeaseMs: number;
  /** How long a candidate may look for pledges before it lets somebody else try. */
  readonly candidateMs: number;
  /** How long a candidate waits for the answers of all where no quorum decides (durability `none`). */
  readonly answersMs: number;
  /** How long who has left the lease leaves it to others. */
  readonly restMs: number;
  /** A PostgreSQL that has not answered for so long is frozen. */
  readonly frozenMs: number;
  /** How long a primary may take to come back before somebody takes over who can. */
  readonly restartMs: number;
  /** The same for a restart that was planned. */
  readonly plannedRestartMs: number;
  /** So many crashes and failed starts within a minute are a crash loop. */
  readonly failuresMax: number;
  /** Below this, the disk counts as full. */
  readonly freeBytesMin: number;
  /** How long a standby has been streaming when it joins the cohort, or away when it leaves it. */
  readonly joinMs: number;
  readonly leaveMs: number;
  /** A standby further behind does not join the cohort, and is no target of a switchover. */
  readonly lagBytesMax: number;
  /** How long gateways are given to hear of a switchover, and transactions to end. */
  readonly settleMs: number;
  readonly drainMs: number;
  /** How long a tablet that is not the first one leaves a new shard to that one. */
  readonly initialiseMs: number;
}

/** Fits leases of 6 s, renewed every second. */
export const patience: Patience = {
  confirmationMs: 3_000,
  freeLeaseMs: 400,
  candidateMs: 5_000,
  answersMs: 1_500,
  restMs: 2_000,
  frozenMs: 4_000,
  restartMs: 1_500,
  plannedRestartMs: 10_000,
  failuresMax: 3,
  freeBytesMin: 64 * 2 ** 20,
  joinMs: 1_000,
  leaveMs: 5_000,
  lagBytesMax: 16 * 2 ** 20,
  settleMs: 200,
  drainMs: 5_000,
  initialiseMs: 5_000,
};
