// The rules that keep data safe, each switched off: the proof that the checker would notice if one were missing.
import type { Cohort } from "../../src/topology/snapshot.ts";
import type { ClusterView } from "../../tablet-agent/ha/cluster-view.ts";
import { withPrimary } from "../../tablet-agent/ha/cohort.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import type { Mutation } from "./world.ts";

export const mutations: Readonly<Record<string, Mutation>> = {
  "the lease alone makes a primary": {
    decision: (decision, view) => {
      if (decision.kind !== "ask-pledges") return decision;
      const { shard, version, self } = view;
      const after = withPrimary(shard, self, shard.term + 1);
      const before = { shard, version };
      return { kind: "change-shard", change: "name-primary", before, after, reason: "the lease is enough" };
    },
    // Being named is enough as well.
    view: (view) => (view.shard.primary?.name === view.self ? { ...view, pledge: namedPledge(view) } : view),
  },
  "one pledge is enough, whether the quorums intersect or not": {
    view: (view) => {
      const all = ({ standbys }: Cohort) => ({ standbys, acknowledgements: standbys.length });
      return view.lease.kind === "mine" && view.postgres.kind === "standby" ? withCohorts(view, all, all) : view;
    },
  },
  "a pledge is forgotten": {
    view: (view) => {
      const isHeld =
        view.postgres.kind === "standby" && view.lease.kind !== "mine" && view.pledge.term > view.shard.term;
      return isHeld ? { ...view, pledge: namedPledge(view) } : view;
    },
  },
  "the topology is written without comparing": { blindWrite: true },
  "the next cohort's quorum alone is used while the cohort changes": {
    view: (view) => {
      const { nextCohort } = view.shard;
      return nextCohort && isCandidate(view) ? { ...view, shard: { ...view.shard, cohort: nextCohort } } : view;
    },
  },
  "a cohort counts before its names are in force": {
    decision: (decision, view) => (decision.kind === "set-synchronous" ? settle(view) : decision),
  },
  "WAL that the primary does not have is kept": {
    decision: (decision) => (decision.kind === "rewind" ? { ...decision, kind: "follow" } : decision),
  },
};

function isCandidate({ postgres, lease }: ClusterView): boolean {
  return postgres.kind === "standby" && lease.kind === "mine";
}

function namedPledge({ shard }: ClusterView) {
  return { term: shard.term, candidate: shard.primary?.name ?? "" };
}

function withCohorts(
  view: ClusterView,
  change: (cohort: Cohort) => Cohort,
  next: (cohort: Cohort) => Cohort,
): ClusterView {
  const { cohort, nextCohort } = view.shard;
  return { ...view, shard: { ...view.shard, cohort: change(cohort), nextCohort: nextCohort && next(nextCohort) } };
}

function settle({ shard, version }: ClusterView): Decision {
  const { nextCohort = shard.cohort } = shard;
  const after = { ...shard, cohort: nextCohort, nextCohort: undefined };
  const before = { shard, version };
  return { kind: "change-shard", change: "settle-cohort", before, after, reason: "the names will be in force soon" };
}
