// The rules that keep data safe, each switched off: the proof that the checker would notice if one were missing.
import type { Cohort } from "../../src/topology/snapshot.ts";
import type { ClusterView } from "../../tablet-agent/ha/cluster-view.ts";
import { withPrimary } from "../../tablet-agent/ha/cohort.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import type { WalPosition } from "../../tablet-agent/ha/wal-position.ts";
import { type Fault, firstThen, joinerThen, lastThen, leaverThen, primaryThen, type Theme } from "./faults.ts";
import type { Mutation } from "./world.ts";

const nothing = { moment: undefined, afterMs: 0, other: "", isDeaf: true, policy: "one", jumpMs: 0 } as const;
const afterNaming = { atMs: 6000, moment: "name-primary" } as const;
const afterBegin = { atMs: 9000, moment: "begin-cohort" } as const;

export interface Mutant {
  readonly mutation: Mutation;
  /** Where it is found sooner. */
  readonly theme?: Theme;
  /** When what goes wrong by chance is too rarely what it takes. */
  readonly faults?: readonly Fault[];
}

export const mutations: Readonly<Record<string, Mutant>> = {
  "the lease alone makes a primary": {
    mutation: {
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
  },
  "one pledge is enough, whether the quorums intersect or not": {
    mutation: {
      view: (view) =>
        isCandidate(view)
          ? withCohorts(view, ({ standbys }) => ({ standbys, acknowledgements: standbys.length }))
          : view,
    },
  },
  "a pledge does not cut the WAL receiver": {
    mutation: {
      keepReceiver: true,
      view: (view) => {
        const isHeld = view.postgres.kind === "standby" && view.pledge.term > view.shard.term;
        return isHeld ? { ...view, postgres: { ...view.postgres, follows: undefined } } : view;
      },
    },
    // The agent of the primary is asleep, and so is that of a standby that has pledged.
    faults: [
      { ...nothing, atMs: 6000, forMs: 15_000, kind: "pause-agent", tablet: primaryThen },
      { ...nothing, ...afterNaming, afterMs: 0, forMs: 9000, kind: "pause-agent", tablet: firstThen },
    ],
  },
  "a pledge is forgotten": {
    mutation: {
      view: (view) => {
        const isHeld =
          view.postgres.kind === "standby" && view.lease.kind !== "mine" && view.pledge.term > view.shard.term;
        return isHeld ? { ...view, pledge: namedPledge(view) } : view;
      },
    },
  },
  "the longest WAL counts, of whatever term": {
    mutation: { view: (view) => withWal(view, ({ lsn }) => ({ term: 0, lsn })) },
    theme: "sleep",
  },
  "any of those who have pledged is promoted": {
    mutation: { view: (view) => withWal(view, () => ({ term: 0, lsn: 0 })) },
  },
  "the topology is written without comparing": { mutation: { blindWrite: true } },
  "who is not whole is a witness": {
    mutation: {
      view: (view) => {
        const answers = view.answers.map((answer) =>
          answer.isWhole ? answer : { ...answer, isWhole: true, wal: { term: 0, lsn: 0 } },
        );
        return { ...view, answers };
      },
    },
    theme: "changes",
  },
  "the next cohort's quorum alone is used while the cohort changes": {
    mutation: {
      view: (view) => {
        const { nextCohort } = view.shard;
        return nextCohort && isCandidate(view) ? { ...view, shard: { ...view.shard, cohort: nextCohort } } : view;
      },
    },
    // Who is to acknowledge no more has just done so, alone, and is gone with the primary.
    faults: [
      { ...nothing, atMs: 9000, forMs: 0, kind: "set-policy", tablet: primaryThen, policy: "none" },
      { ...nothing, ...afterBegin, afterMs: 20, forMs: 9000, kind: "kill-machine", tablet: primaryThen },
      { ...nothing, ...afterBegin, afterMs: 30, forMs: 9000, kind: "pause-machine", tablet: leaverThen },
    ],
  },
  "the old cohort's quorum alone is used while the cohort changes": {
    mutation: {
      view: (view) => (isCandidate(view) ? { ...view, shard: { ...view.shard, nextCohort: undefined } } : view),
    },
    // Who is to acknowledge from now on has just done so, alone, and is gone with the primary.
    faults: [
      { ...nothing, atMs: 6000, forMs: 3000, kind: "pause-machine", tablet: lastThen },
      { ...nothing, ...afterBegin, afterMs: 550, forMs: 9000, kind: "kill-machine", tablet: primaryThen },
      { ...nothing, ...afterBegin, afterMs: 560, forMs: 9000, kind: "pause-machine", tablet: joinerThen },
    ],
  },
  "the old cohort's quorum is used after it was replaced": {
    mutation: {
      decision: (decision, view) => {
        if (decision.kind === "set-synchronous" && !view.shard.nextCohort)
          return { kind: "wait", reason: "it is in force" };
        if (decision.kind !== "change-shard" || decision.change !== "settle-cohort") return decision;
        return { ...decision, after: { ...decision.after, cohort: decision.before.shard.cohort } };
      },
    },
  },
  "a cohort counts before it has all that was written": {
    mutation: {
      view: (view) => {
        if (view.postgres.kind !== "primary" || !view.postgres.synchronous) return view;
        return { ...view, postgres: { ...view.postgres, synchronous: { ...view.postgres.synchronous, sinceLsn: 0 } } };
      },
    },
  },
  "a cohort counts before its names are in force": {
    mutation: {
      decision: (decision, view) => (decision.kind === "set-synchronous" ? settle(view) : decision),
    },
  },
  "names go back to the cohort without saying so": {
    mutation: {
      decision: (decision, view) => {
        if (decision.kind !== "change-shard" || decision.change !== "turn-cohort") return decision;
        return { kind: "set-synchronous", cohort: view.shard.cohort, reason: "who was there before is there again" };
      },
    },
    // The primary does not hear that the next cohort is the cohort by now. That one is gone, another standby comes back, and
    // PostgreSQL, started again, does not know any more what the standbys had.
    faults: [
      { ...nothing, atMs: 9000, forMs: 2600, kind: "pause-machine", tablet: lastThen },
      {
        ...nothing,
        ...afterBegin,
        afterMs: 600,
        forMs: 9000,
        kind: "cut-one-way",
        tablet: primaryThen,
        other: "store",
      },
      { ...nothing, ...afterBegin, afterMs: 1000, forMs: 9000, kind: "kill-machine", tablet: firstThen },
      { ...nothing, ...afterBegin, afterMs: 1050, forMs: 9000, kind: "kill-postgres", tablet: primaryThen },
    ],
  },
  "WAL that the primary does not have is kept": {
    mutation: {
      decision: (decision) => (decision.kind === "rewind" ? { ...decision, kind: "follow" } : decision),
    },
  },
  "unfinished promotions are overlooked": {
    mutation: {
      view: (view) => (view.wal ? { ...view, wal: { ...view.wal, branchedAtLsn: undefined } } : view),
    },
    theme: "sleep",
  },
};

function isCandidate({ postgres, lease, pledge, self, shard }: ClusterView): boolean {
  return postgres.kind === "standby" && lease.kind === "mine" && pledge.candidate === self && pledge.term > shard.term;
}

function namedPledge({ shard }: ClusterView) {
  return { term: shard.term, candidate: shard.primary?.name ?? "" };
}

function withCohorts(view: ClusterView, change: (cohort: Cohort) => Cohort): ClusterView {
  const { cohort, nextCohort } = view.shard;
  return { ...view, shard: { ...view.shard, cohort: change(cohort), nextCohort: nextCohort && change(nextCohort) } };
}

function settle({ shard, version }: ClusterView): Decision {
  const { nextCohort = shard.cohort } = shard;
  const after = { ...shard, cohort: nextCohort, nextCohort: undefined };
  const before = { shard, version };
  return { kind: "change-shard", change: "settle-cohort", before, after, reason: "the names will be in force soon" };
}

function withWal(view: ClusterView, change: (wal: WalPosition) => WalPosition): ClusterView {
  if (!isCandidate(view)) return view;
  const answers = view.answers.map((answer) => ({ ...answer, wal: answer.wal && change(answer.wal) }));
  return { ...view, wal: view.wal && { ...view.wal, ...change(view.wal) }, answers };
}
