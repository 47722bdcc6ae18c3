// Rules of the primary that change who acknowledges, in steps of which each leaves quorums that meet:
//   1. the document says `nextCohort` as well: a failover asks both;
//   2. synchronous_standby_names are those of `nextCohort`, seen in force;
//   3. enough of `nextCohort` have flushed all that was written until then: the document says that it is the cohort.
// What is in force follows from the document alone, so that an agent that does not know whether its last write of the
// document was done cannot be wrong by more than one step. So going back is a step in the document, too.
import type { Cohort, Shard } from "../../src/topology/snapshot.ts";
import type { ClusterView, PrimaryState, StandbyState } from "./cluster-view.ts";
import { cohortInCharge, isSameCohort } from "./cohort.ts";
import type { Decision, ShardChange } from "./decision.ts";
import type { Patience } from "./patience.ts";
import { wantedCohort } from "./wanted-cohort.ts";

export function changeCohort(view: ClusterView, patience: Patience): Decision | undefined {
  const { shard, postgres, self } = view;
  if (postgres.kind !== "primary" || shard.primary?.name !== self || postgres.term !== shard.term) return undefined;
  const { synchronous } = postgres;
  const cohort = cohortInCharge(shard);
  if (!synchronous || !isSameCohort(synchronous.cohort, cohort))
    return { kind: "set-synchronous", cohort, reason: `the topology wants ${describe(cohort)} to acknowledge commits` };
  if (shard.nextCohort) return finish(view, shard.nextCohort, postgres, synchronous.sinceLsn, patience);
  const wanted = wantedCohort(shard, postgres.standbys, view.nowMs, patience);
  if (isSameCohort(wanted, cohort)) return undefined;
  const reason = `${describe(wanted)} instead of ${describe(cohort)} are to acknowledge commits (${shard.durability})`;
  return change(view, "begin-cohort", { ...shard, nextCohort: wanted }, reason);
}

function finish(view: ClusterView, next: Cohort, primary: PrimaryState, sinceLsn: number, patience: Patience) {
  const { shard, nowMs } = view;
  const { standbys } = primary;
  const count = (cohort: Cohort, has: (standby: StandbyState) => boolean) =>
    standbys.filter((standby) => cohort.standbys.includes(standby.name) && has(standby)).length;
  if (count(next, ({ flushedLsn }) => flushedLsn >= sinceLsn) >= next.acknowledgements) {
    const reason = `${describe(next)} have all that was written before they acknowledged`;
    return change(view, "settle-cohort", { ...shard, cohort: next, nextCohort: undefined }, reason);
  }
  const isThere = ({ isStreaming, sinceMs }: StandbyState) => isStreaming || nowMs - sinceMs < patience.joinMs;
  const before = shard.cohort;
  if (count(next, isThere) >= next.acknowledgements || count(before, isThere) < before.acknowledgements)
    return undefined;
  const reason = `too few of ${describe(next)} are there, and enough of ${describe(before)}`;
  return change(view, "turn-cohort", { ...shard, cohort: next, nextCohort: before }, reason);
}

function change({ shard, version }: ClusterView, what: ShardChange, after: Shard, reason: string): Decision {
  return { kind: "change-shard", change: what, before: { shard, version }, after, reason };
}

function describe({ standbys, acknowledgements }: Cohort): string {
  return acknowledgements === 0 ? "nobody" : `${acknowledgements} of ${standbys.join(", ")}`;
}
