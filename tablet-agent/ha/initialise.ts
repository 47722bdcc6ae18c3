// Rules of a shard that has never had a primary: whoever gets the lease makes the first data and is primary of term 1. The
// first tablet is preferred, and one that has data (of before there was a topology) is preferred to all.
import type { ClusterView } from "./cluster-view.ts";
import { withPrimary } from "./cohort.ts";
import type { Decision } from "./decision.ts";
import { highestTerm } from "./may-lead.ts";
import type { Patience } from "./patience.ts";

export function initialise(view: ClusterView, { initialiseMs }: Patience): Decision | undefined {
  const { shard, version, self, lease, nowMs, pledge, data } = view;
  if (shard.term !== 0 || shard.primary || !shard.tablets.some(({ name }) => name === self)) return undefined;
  if (lease.kind === "free") {
    const isFirst = data.isWhole || self.endsWith("-0");
    if (!isFirst && nowMs - lease.sinceMs < initialiseMs)
      return { kind: "wait", reason: "the first tablet is to initialise the shard" };
    return { kind: "try-lease", reason: "the shard has no primary yet" };
  }
  if (lease.kind !== "mine") return { kind: "wait", reason: "another tablet initialises the shard" };
  if (!data.isWhole) return { kind: "initialise", reason: "the shard has no data yet" };
  if (pledge.candidate !== self || pledge.term === 0)
    return {
      kind: "give-pledge",
      term: highestTerm(view) + 1,
      candidate: self,
      reason: "this tablet begins the first term",
    };
  const after = withPrimary(shard, self, pledge.term);
  const reason = "this tablet has the first data of the shard";
  return { kind: "change-shard", change: "name-primary", before: { shard, version }, after, reason };
}
