// Rules of the tablet that is primary, or that the topology names as primary.
import type { ClusterView, Patience } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";
import { highestTerm, isNamed, mayLead } from "./may-lead.ts";

export function stopOutdatedPrimary(view: ClusterView): Decision | undefined {
  if (view.postgres.kind !== "primary") return undefined;
  const term = highestTerm(view);
  if (term <= view.postgres.term) return undefined;
  return { kind: "stop-primary", reason: `term ${term} is known, and this is a primary of term ${view.postgres.term}` };
}

export function stopPrimaryCutOff(view: ClusterView, patience: Patience): Decision | undefined {
  if (view.postgres.kind !== "primary" || mayLead(view, patience)) return undefined;
  const reason =
    view.lease.kind === "other"
      ? "another tablet holds the lease"
      : "the lease could not be renewed in time, and too few standbys confirm that they know no other primary";
  return { kind: "stop-primary", reason };
}

export function promoteNamed(view: ClusterView, patience: Patience): Decision | undefined {
  if (view.postgres.kind === "primary" || !isNamed(view) || view.wal === undefined) return undefined;
  // Somebody has begun a later term with enough pledges, or is about to.
  if (highestTerm(view) > view.shard.term || !mayLead(view, patience)) return undefined;
  const { term } = view.shard;
  return { kind: "promote", term, reason: `the topology names this tablet primary of term ${term}` };
}

export function keepLease({ postgres }: ClusterView): Decision | undefined {
  return postgres.kind === "primary" ? { kind: "try-lease", reason: "the primary renews its lease" } : undefined;
}
