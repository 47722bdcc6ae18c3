// The cohort of a shard and its quorums: a write is acknowledged when the primary and `k` other members have flushed it;
// a term may begin when so many members have pledged it that every acknowledging set contains one of them.

export interface Cohort {
  /** Names of tablets, the primary among them. */
  readonly members: readonly string[];
  /** How many standbys of the cohort must have flushed a write before it is acknowledged: ANY k. From 1 up. */
  readonly k: number;
}

/** The primary and k others make k + 1 members: whoever leaves at most k out has one of them. */
export function pledgesNeeded({ members, k }: Cohort): number {
  return members.length - k;
}

/**
 * Members besides the primary that must confirm that they know no higher term, so that the rest of the cohort without the
 * primary is too small to begin one: as many as acknowledge a write.
 */
export function confirmationsNeeded({ k }: Cohort): number {
  return k;
}

/** Without a standby that must acknowledge, no pledge could cut a primary off: that policy has another protocol. */
export function isCohort({ members, k }: Cohort): boolean {
  return new Set(members).size === members.length && Number.isInteger(k) && k >= 1 && k < members.length;
}
