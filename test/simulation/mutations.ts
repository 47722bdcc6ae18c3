// The rules that keep data safe, each switched off: the proof that the checker would notice if one were missing.
import type { ClusterView } from "../../tablet-agent/ha/cluster-view.ts";
import type { TabletAnswer } from "../../tablet-agent/ha/pledge.ts";
import type { Mutation } from "./world.ts";

export const mutations: Readonly<Record<string, Mutation>> = {
  "the lease alone makes a primary": {
    decision: (decision, view) => {
      if (decision.kind !== "ask-pledges") return decision;
      const { version, term } = view.shard;
      return { kind: "name-primary", primary: view.self, term: term + 1, version, reason: "the lease is enough" };
    },
    // Being named is enough as well.
    view: (view) => (view.shard.primary === view.self ? { ...view, pledge: namedPledge(view) } : view),
  },
  "one pledge is enough, whether the quorums intersect or not": {
    view: (view) => {
      const cohort = { members: view.shard.cohort.members, k: view.shard.cohort.members.length - 1 };
      return view.lease.kind === "mine" ? { ...view, shard: { ...view.shard, cohort } } : view;
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
  "the longest WAL counts, of whatever term": { view: (view) => withWal(view, lengthOnly) },
  "any of those who have pledged is promoted": { view: (view) => withWal(view, noWal) },
  "the topology is written without comparing": { blindWrite: true },
};

function namedPledge({ shard }: ClusterView) {
  return { term: shard.term, candidate: shard.primary };
}

function lengthOnly({ wal }: Pick<TabletAnswer, "wal">) {
  return wal && { term: 0, lsn: wal.lsn };
}

function noWal({ wal }: Pick<TabletAnswer, "wal">) {
  return wal && { term: 0, lsn: 0 };
}

function withWal(view: ClusterView, change: typeof lengthOnly): ClusterView {
  return { ...view, wal: change(view), answers: view.answers.map((answer) => ({ ...answer, wal: change(answer) })) };
}
