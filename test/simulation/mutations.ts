// The rules that keep data safe, each switched off: the proof that the checker would notice if one were missing.
import type { Cohort } from "../../src/topology/snapshot.ts";
import type { ClusterView } from "../../tablet-agent/ha/cluster-view.ts";
import { withPrimary } from "../../tablet-agent/ha/cohort.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import type { WalPosition } from "../../tablet-agent/ha/wal-position.ts";
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
  "a pledge does not cut the WAL receiver": { keepReceiver: true },
  "a pledge is forgotten": {
    view: (view) => {
      const isHeld =
        view.postgres.kind === "standby" && view.lease.kind !== "mine" && view.pledge.term > view.shard.term;
      return isHeld ? { ...view, pledge: namedPledge(view) } : view;
    },
  },
  "the longest WAL counts, of whatever term": { view: (view) => withWal(view, ({ lsn }) => ({ term: 0, lsn })) },
  "any of those who have pledged is promoted": { view: (view) => withWal(view, () => ({ term: 0, lsn: 0 })) },
  "the topology is written without comparing": { blindWrite: true },
  "who is not whole is a witness": {
    view: (view) => {
      const answers = view.answers.map((answer) =>
        answer.isWhole ? answer : { ...answer, isWhole: true, wal: { term: 0, lsn: 0 } },
      );
      return { ...view, answers };
    },
  },
  "the next cohort's quorum alone is used while the cohort changes": {
    view: (view) => {
      const { nextCohort } = view.shard;
      return nextCohort && isCandidate(view) ? { ...view, shard: { ...view.shard, cohort: nextCohort } } : view;
    },
  },
  "the old cohort's quorum alone is used while the cohort changes": {
    view: (view) => (isCandidate(view) ? { ...view, shard: { ...view.shard, nextCohort: undefined } } : view),
  },
  "a cohort counts before it has all that was written": {
    view: (view) => {
      if (view.postgres.kind !== "primary" || !view.postgres.synchronous) return view;
      return { ...view, postgres: { ...view.postgres, synchronous: { ...view.postgres.synchronous, sinceLsn: 0 } } };
    },
  },
  "a cohort counts before its names are in force": {
    decision: (decision, view) => (decision.kind === "set-synchronous" ? settle(view) : decision),
  },
  "names go back to the cohort without saying so": {
    decision: (decision, view) => {
      if (decision.kind !== "change-shard" || decision.change !== "turn-cohort") return decision;
      return { kind: "set-synchronous", cohort: view.shard.cohort, reason: "who was there before is there again" };
    },
  },
  "WAL that the primary does not have is kept": {
    decision: (decision) => (decision.kind === "rewind" ? { ...decision, kind: "follow" } : decision),
  },
  "unfinished promotions are overlooked": {
    view: (view) => (view.wal ? { ...view, wal: { ...view.wal, branchedAtLsn: undefined } } : view),
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

function withWal(view: ClusterView, change: (wal: WalPosition) => WalPosition): ClusterView {
  const answers = view.answers.map((answer) => ({ ...answer, wal: answer.wal && change(answer.wal) }));
  return { ...view, wal: view.wal && { ...view.wal, ...change(view.wal) }, answers };
}
