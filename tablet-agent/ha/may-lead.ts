// Whether a primary may go on: it holds the lease, or, when the store is away, enough standbys confirm that they know no
// other. Not for safety, but so that a primary that was cut off ends by itself instead of keeping its clients waiting.
import type { ClusterView, Patience } from "./cluster-view.ts";
import { confirmationsNeeded } from "./cohort.ts";

export function mayLead(view: ClusterView, patience: Patience): boolean {
  const { lease, nowMs } = view;
  if (lease.kind === "mine" && nowMs < lease.untilMs) return true;
  // The store answers, and has given the lease to somebody else.
  if (lease.kind === "other") return false;
  return confirmations(view, patience) >= confirmationsNeeded(view.shard.cohort);
}

function confirmations({ answers, nowMs, shard, self }: ClusterView, { confirmationMs }: Patience): number {
  const isFresh = (askedAtMs: number) => askedAtMs <= nowMs && nowMs - askedAtMs < confirmationMs;
  return answers.filter(
    ({ name, pledge, askedAtMs }) =>
      name !== self && shard.cohort.members.includes(name) && isFresh(askedAtMs) && pledge.term <= shard.term,
  ).length;
}

/** The highest term that this tablet has heard of, from whomever. */
export function highestTerm({ shard, pledge, answers }: ClusterView): number {
  return Math.max(shard.term, pledge.term, ...answers.map((answer) => answer.pledge.term));
}

/**
 * The topology names this tablet, and it has pledged exactly that term: so its WAL is the one that was chosen, and it has
 * promised nothing to anybody later.
 */
export function isNamed({ self, shard, pledge }: ClusterView): boolean {
  return shard.primary === self && pledge.term === shard.term;
}
