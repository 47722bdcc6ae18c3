// Whether a primary may go on, or come back: it holds the lease, or, when the store is away, enough others confirm that they
// know no other. Not for safety, but so that a primary that was cut off ends by itself instead of keeping its clients waiting.
import type { ClusterView } from "./cluster-view.ts";
import { isRestTooFew } from "./cohort.ts";
import type { Patience } from "./patience.ts";
import type { TabletAnswer } from "./pledge.ts";

export function mayGoOn(view: ClusterView, patience: Patience): boolean {
  // The store answers, and has given the lease to somebody else.
  if (view.lease.kind === "other") return false;
  return hasLease(view) || isConfirmed(view, patience);
}

/** A free lease is taken first; who has left it to others waits for them. */
export function mayBegin(view: ClusterView, patience: Patience): boolean {
  if (hasLease(view)) return true;
  return view.lease.kind === "unknown" && view.nowMs >= view.restsUntilMs && isConfirmed(view, patience);
}

export function hasLease({ lease, nowMs }: ClusterView): boolean {
  return lease.kind === "mine" && nowMs < lease.untilMs;
}

/** Answers of other tablets of the shard to questions that are not old. */
export function freshAnswers(view: ClusterView, { confirmationMs }: Patience): readonly TabletAnswer[] {
  const { answers, nowMs, shard, self } = view;
  return answers.filter(
    ({ name, askedAtMs }) =>
      name !== self &&
      askedAtMs <= nowMs &&
      nowMs - askedAtMs < confirmationMs &&
      shard.tablets.some((tablet) => tablet.name === name),
  );
}

/** The highest term that this tablet has heard of, from whomever. */
export function highestTerm({ shard, pledge, answers }: ClusterView): number {
  let highest = Math.max(shard.term, pledge.term);
  for (const answer of answers) highest = Math.max(highest, answer.pledge.term);
  return highest;
}

/**
 * The topology names this tablet, and it has pledged exactly that term: so its WAL is the one that was chosen, and it has
 * promised nothing to anybody later.
 */
export function isNamed({ self, shard, pledge }: ClusterView): boolean {
  return shard.primary?.name === self && pledge.term === shard.term;
}

function isConfirmed(view: ClusterView, patience: Patience): boolean {
  const { shard } = view;
  const confirming = freshAnswers(view, patience).filter(({ pledge }) => pledge.term <= shard.term);
  return isRestTooFew(shard, new Set(confirming.map(({ name }) => name)));
}
