// Failover's decisions, one situation each, with the sentence that says why.
import { expect, test } from "vitest";
import type { Cohort, Shard, ShardName } from "../../../src/topology/snapshot.ts";
import type { ClusterView, PrimarySaid, PrimaryState, StandbyState } from "../../../tablet-agent/ha/cluster-view.ts";
import { haveQuorum, isRestTooFew, withPrimary } from "../../../tablet-agent/ha/cohort.ts";
import { decide } from "../../../tablet-agent/ha/decide.ts";
import { patience } from "../../../tablet-agent/ha/patience.ts";
import { mayPledge, type TabletAnswer } from "../../../tablet-agent/ha/pledge.ts";
import { whyNotTo } from "../../../tablet-agent/ha/switch-over.ts";
import { isBeginningOf, termStarts } from "../../../tablet-agent/ha/wal-position.ts";
import { wantedCohort } from "../../../tablet-agent/ha/wanted-cohort.ts";

const wal = { term: 5, lsn: 100, branchedAtLsn: undefined };
const mine = { kind: "mine", untilMs: 15_000, candidateSinceMs: undefined } as const;
const free = { kind: "free", sinceMs: 8000 } as const;
const candidate = { lease: mine, pledge: { term: 6, candidate: "b" } };
const followsNobody = {
  kind: "standby",
  follows: undefined,
  cannotFollow: undefined,
  silentSinceMs: undefined,
} as const;
const crashed = { kind: "stopped", how: "crashed", sinceMs: 9900, downSinceMs: 9900, failures: 1 } as const;

const tablets = ["a", "b", "c"].map((name) => ({ name, address: { host: "h", port: 1 }, zone: name }));
const shard: Shard = {
  name: "s" as ShardName,
  ordinal: 0,
  primary: tablets[0],
  term: 5,
  tablets,
  durability: "one",
  cohort: { standbys: ["b", "c"], acknowledgements: 1 },
  nextCohort: undefined,
};

const said = (terms: PrimarySaid["terms"], changes: Partial<PrimarySaid> = {}): PrimarySaid => {
  return { systemIdentifier: "7", terms, askedAtMs: 9_000, sinceMs: 1_000, ...changes };
};
/** c has become primary of term 6 before the end of the own WAL. */
const farther = [
  { term: 5, lsn: 50 },
  { term: 6, lsn: 99 },
];
/** Tablet b is a standby of a, primary of term 5; all is well. */
const standby: ClusterView = {
  self: "b",
  nowMs: 10_000,
  shard,
  version: "9",
  pledge: { term: 5, candidate: "a" },
  data: { isWhole: true, promotedTerm: undefined, systemIdentifier: "7", freeBytes: undefined },
  postgres: { ...followsNobody, follows: { primary: "a", term: 5 } },
  wal: undefined,
  lease: { kind: "other" },
  restsUntilMs: 0,
  primarySaid: said([{ term: 5, lsn: 50 }]),
  answers: [],
  switchover: undefined,
};
const refused: ClusterView = {
  ...standby,
  postgres: { ...followsNobody, follows: { primary: "a", term: 5 }, cannotFollow: "WAL was removed" },
};
const waiting: ClusterView = { ...standby, postgres: followsNobody, wal };
const running: PrimaryState = {
  kind: "primary",
  term: 5,
  isWritable: true,
  silentSinceMs: undefined,
  synchronous: { cohort: shard.cohort, sinceLsn: 90 },
  standbys: [streams("b"), streams("c")],
  openTransactions: 0,
};
const data = { ...standby.data, promotedTerm: 5 };
const primary: ClusterView = { ...standby, self: "a", data, postgres: running, lease: mine };
const none: ClusterView = {
  ...waiting,
  shard: { ...shard, primary: undefined, term: 0, cohort: { standbys: [], acknowledgements: 0 } },
  pledge: { term: 0, candidate: "" },
  data: { isWhole: false, promotedTerm: undefined, systemIdentifier: undefined, freeBytes: undefined },
  postgres: { kind: "none" },
  wal: undefined,
  lease: { kind: "free", sinceMs: 9000 },
};

function streams(name: string, changes: Partial<StandbyState> = {}): StandbyState {
  return { name, isStreaming: true, sinceMs: 1000, flushedLsn: 100, lagBytes: 0, ...changes };
}

function answer(name: string, term: number, changes: Partial<TabletAnswer> = {}): TabletAnswer {
  const pledge = { term, candidate: "b" };
  return { name, pledge, isWhole: true, wal, freeBytes: undefined, askedAtMs: 9000, ...changes };
}

function next(standbys: readonly string[], changes: Partial<PrimaryState> = {}): ClusterView {
  const nextCohort = { standbys, acknowledgements: 1 };
  const synchronous = { cohort: nextCohort, sinceLsn: 90 };
  return { ...primary, shard: { ...shard, nextCohort }, postgres: { ...running, synchronous, ...changes } };
}

function switching(changes: Partial<PrimaryState> = {}, sinceMs = 9000): ClusterView {
  return {
    ...primary,
    shard: { ...shard, switchover: { to: "b" } },
    postgres: { ...running, ...changes },
    answers: [answer("b", 5)],
    switchover: { sinceMs, isForced: false },
  };
}

function restarting(): ClusterView {
  return { ...switching(), shard: { ...shard, switchover: { to: "a" } }, isRestartPending: true };
}

const situations: readonly [string, ClusterView, string][] = [
  ["all is well with a primary", primary, "wait: nothing is to be done"],
  ["all is well with a standby", standby, "wait: nothing is to be done"],
  [
    "a primary hears of a later term",
    { ...primary, answers: [answer("b", 6)] },
    "stop: term 6 is known, and this is a primary of term 5",
  ],
  [
    "another tablet has got the lease",
    { ...primary, lease: { kind: "other" }, answers: [answer("b", 5)] },
    "stop: another tablet holds the lease",
  ],
  [
    "the store is away, and a standby confirms",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("b", 5)] },
    "try-lease: the primary asks for its lease again",
  ],
  [
    "the store is away, and the confirmation is old",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("b", 5, { askedAtMs: 6000 })] },
    "stop: the lease could not be renewed in time, and too few standbys confirm that they know no other primary",
  ],
  [
    "the store is away, and a stranger confirms",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("x", 5)] },
    "stop: the lease could not be renewed in time, and too few standbys confirm that they know no other primary",
  ],
  [
    "PostgreSQL does not answer",
    { ...primary, postgres: { ...running, silentSinceMs: 6000 } },
    "stop kill: PostgreSQL has not answered for 4 s",
  ],
  [
    "a promotion was not finished",
    { ...primary, postgres: { ...running, isWritable: false } },
    "stop: its promotion has not been finished",
  ],
  [
    "PostgreSQL of the primary has crashed",
    { ...primary, postgres: crashed },
    "start-primary 5: the primary of term 5 has ended (crashed)",
  ],
  [
    "it does not come back, and nobody else can",
    { ...primary, postgres: { ...crashed, downSinceMs: 8000 } },
    "start-primary 5: the primary of term 5 has ended (crashed)",
  ],
  [
    "it does not come back, and others can",
    {
      ...primary,
      postgres: { kind: "starting", as: "primary", downSinceMs: 8000, silentSinceMs: undefined },
      answers: [answer("b", 5), answer("c", 5)],
    },
    "stop kill: PostgreSQL has been down for 1.5 s, and others can take over",
  ],
  [
    "others had their chance",
    {
      ...primary,
      postgres: { ...crashed, downSinceMs: 2000 },
      restsUntilMs: 8000,
      answers: [answer("b", 5), answer("c", 5)],
    },
    "start-primary 5: the primary of term 5 has ended (crashed)",
  ],
  [
    "it crashes again and again",
    { ...primary, postgres: { ...crashed, failures: 3 }, answers: [answer("b", 5), answer("c", 5)] },
    "release-lease: PostgreSQL crashes again and again, and others can take over",
  ],
  [
    "it crashes again and again, and nobody else can",
    { ...primary, postgres: { ...crashed, failures: 3 }, answers: [answer("b", 5)] },
    "wait: PostgreSQL has just failed again",
  ],
  [
    "the disk of the stopped primary is full",
    { ...primary, postgres: { ...crashed, how: "disk-full" }, answers: [answer("b", 5), answer("c", 5)] },
    "release-lease: the disk is full, and others can take over",
  ],
  [
    "the data of the primary is gone",
    {
      ...primary,
      data: { ...data, isWhole: false },
      postgres: { kind: "none" },
      answers: [answer("b", 5), answer("c", 5)],
    },
    "release-lease: the data directory is gone, and others can take over",
  ],
  [
    "the data of the primary is gone, and nobody else has it",
    { ...primary, data: { ...data, isWhole: false }, postgres: { kind: "none" } },
    "wait: there is no whole data here, and nobody to clone",
  ],
  [
    "the named tablet has pledged a later term meanwhile",
    { ...primary, postgres: crashed, lease: { kind: "other" }, pledge: { term: 6, candidate: "b" } },
    "start-standby: PostgreSQL is not running (crashed)",
  ],
  [
    "the named tablet has been primary of the term, and runs as a standby",
    { ...primary, postgres: followsNobody, wal, data: standby.data },
    "start-primary 5: this tablet has been primary of term 5 before",
  ],
  [
    "this tablet is named",
    { ...waiting, lease: mine, shard: { ...shard, term: 6, primary: tablets[1] }, pledge: { term: 6, candidate: "c" } },
    "promote 6: the topology names this tablet primary of term 6",
  ],
  [
    "this tablet is named, and has not replayed everything",
    {
      ...waiting,
      lease: mine,
      shard: { ...shard, term: 6, primary: tablets[1] },
      pledge: { term: 6, candidate: "c" },
      wal: undefined,
    },
    "wait: nothing is to be done",
  ],
  [
    "other names are in force than those of the cohort",
    { ...primary, postgres: { ...running, synchronous: undefined } },
    "set-synchronous: the topology wants 1 of b, c to acknowledge commits",
  ],
  [
    "a standby has just gone",
    {
      ...primary,
      postgres: { ...running, standbys: [streams("b"), streams("c", { isStreaming: false, sinceMs: 6000 })] },
    },
    "wait: nothing is to be done",
  ],
  [
    "a standby has been away for long",
    {
      ...primary,
      postgres: { ...running, standbys: [streams("b"), streams("c", { isStreaming: false, sinceMs: 5000 })] },
    },
    "begin-cohort: 1 of b instead of 1 of b, c are to acknowledge commits (one)",
  ],
  ["nobody is there", { ...primary, postgres: { ...running, standbys: [] } }, "wait: nothing is to be done"],
  [
    "the policy wants nobody",
    { ...primary, shard: { ...shard, durability: "none" } },
    "begin-cohort: nobody instead of 1 of b, c are to acknowledge commits (none)",
  ],
  [
    "the next cohort is known, and not in force",
    next(["b"], { synchronous: { cohort: shard.cohort, sinceLsn: 90 } }),
    "set-synchronous: the topology wants 1 of b to acknowledge commits",
  ],
  [
    "the next cohort has everything",
    next(["b"]),
    "settle-cohort: 1 of b have all that was written before they acknowledged",
  ],
  [
    "the next cohort has not everything yet",
    next(["b"], { standbys: [streams("b", { flushedLsn: 89 }), streams("c")] }),
    "wait: nothing is to be done",
  ],
  [
    "the next cohort has gone",
    next(["b"], { standbys: [streams("b", { flushedLsn: 89, isStreaming: false }), streams("c")] }),
    "turn-cohort: too few of 1 of b are there, and enough of 1 of b, c",
  ],
  [
    "a new primary is named",
    { ...standby, shard: { ...shard, term: 6, primary: tablets[2] } },
    "follow-nobody: a is not the primary of term 6",
  ],
  [
    "the new primary has not said anything yet",
    { ...waiting, shard: { ...shard, term: 6, primary: tablets[2] }, primarySaid: undefined },
    "wait: nothing is to be done",
  ],
  [
    "the new primary goes on from the own WAL",
    {
      ...waiting,
      shard: { ...shard, term: 6, primary: tablets[2] },
      primarySaid: said([
        { term: 5, lsn: 50 },
        { term: 6, lsn: 100 },
      ]),
    },
    "follow c 6: the topology names c primary of term 6",
  ],
  [
    "the new primary does not have all of the own WAL",
    {
      ...waiting,
      shard: { ...shard, term: 6, primary: tablets[2] },
      primarySaid: said(farther),
    },
    "rewind c 6: it has WAL of term 5 that c does not have",
  ],
  [
    "it has gone again",
    { ...waiting, shard: { ...shard, term: 6, primary: tablets[2] }, primarySaid: said(farther, { askedAtMs: 7_000 }) },
    "wait: nothing is to be done",
  ],
  [
    "the data is of another database",
    { ...waiting, primarySaid: said([], { systemIdentifier: "8" }) },
    "wait: the data is of another database than that of a, and is not removed",
  ],
  ["it will never catch up", refused, "clone a 5: it cannot follow a: WAL was removed"],
  [
    "it was told so when the primary may not have been one yet",
    { ...refused, primarySaid: said(refused.primarySaid!.terms, { sinceMs: 7_500 }) },
    "wait: nothing is to be done",
  ],
  [
    "it was told so, and the primary has gone since",
    { ...refused, primarySaid: said(refused.primarySaid!.terms, { askedAtMs: 7_000 }) },
    "wait: nothing is to be done",
  ],
  [
    "there is no data, and a primary",
    { ...standby, data: { ...standby.data, isWhole: false }, postgres: { kind: "none" } },
    "clone a 5: there is no whole data here",
  ],
  [
    "there is no data, and the primary has gone",
    {
      ...standby,
      data: { ...standby.data, isWhole: false },
      postgres: { kind: "none" },
      primarySaid: said([{ term: 5, lsn: 50 }], { askedAtMs: 7_000 }),
    },
    "wait: the data is to be cloned when a is primary of term 5",
  ],
  [
    "a term later than the topology's is pledged",
    { ...waiting, pledge: { term: 6, candidate: "c" } },
    "wait: nothing is to be done",
  ],
  [
    "the lease is free for a moment",
    { ...standby, lease: { kind: "free", sinceMs: 9800 } },
    "wait: nothing is to be done",
  ],
  ["the lease is free for long", { ...standby, lease: free }, "try-lease: a has not taken the free lease"],
  [
    "the lease is free, and the primary works",
    { ...standby, lease: { kind: "free", sinceMs: 9_000 }, answers: [answer("a", 5)] },
    "wait: nothing is to be done",
  ],
  [
    "the lease is free, and the primary's agent answers, but says of no primary",
    { ...standby, lease: { kind: "free", sinceMs: 9_000 }, answers: [answer("a", 5)], primarySaid: undefined },
    "try-lease: a has not taken the free lease",
  ],
  [
    "the lease is free for long, though the primary works",
    { ...standby, lease: free, answers: [answer("a", 5)] },
    "try-lease: a has not taken the free lease",
  ],
  [
    "a standby has got the lease",
    { ...standby, lease: mine },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "a later term than the candidate's is known",
    { ...waiting, ...candidate, answers: [answer("c", 8, { pledge: { term: 8, candidate: "c" } })] },
    "ask-pledges 9: the primary of term 5, a, does not hold the lease",
  ],
  [
    "too few have pledged",
    { ...waiting, ...candidate, answers: [answer("c", 5), answer("x", 6)] },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "one that has pledged is not whole",
    { ...waiting, ...candidate, answers: [answer("c", 6, { isWhole: false })] },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "a pledge was given to another candidate",
    { ...waiting, ...candidate, answers: [answer("c", 6, { pledge: { term: 6, candidate: "a" } })] },
    "ask-pledges 7: the primary of term 5, a, does not hold the lease",
  ],
  [
    "enough have pledged, and another is further",
    { ...waiting, ...candidate, answers: [answer("c", 6, { wal: { term: 5, lsn: 101 } })] },
    "name-primary c 6: c is the most advanced of b, c, who have pledged term 6",
  ],
  [
    "the primary of the term before has pledged, and nobody else",
    { ...waiting, self: "a", lease: mine, pledge: { term: 6, candidate: "a" } },
    "name-primary a 6: a is the most advanced of a, who have pledged term 6",
  ],
  [
    "the longer WAL is of an older term",
    { ...waiting, ...candidate, answers: [answer("c", 6, { wal: { term: 4, lsn: 999 } })] },
    "name-primary b 6: b is the most advanced of b, c, who have pledged term 6",
  ],
  [
    "the cohort changes, and enough of one have pledged",
    {
      ...waiting,
      ...candidate,
      shard: { ...shard, cohort: { standbys: ["b"], acknowledgements: 1 }, nextCohort: shard.cohort },
    },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "nobody acknowledges, and not all have answered",
    {
      ...waiting,
      ...candidate,
      lease: { ...mine, candidateSinceMs: 9000 },
      shard: { ...shard, cohort: { standbys: [], acknowledgements: 0 } },
      answers: [answer("c", 6)],
    },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "nobody acknowledges, and the others have been waited for",
    {
      ...waiting,
      ...candidate,
      lease: { ...mine, candidateSinceMs: 8000 },
      shard: { ...shard, cohort: { standbys: [], acknowledgements: 0 } },
      answers: [answer("c", 6)],
    },
    "name-primary b 6: b is the most advanced of b, c, who have pledged term 6",
  ],
  [
    "pledges do not come",
    { ...waiting, ...candidate, lease: { ...mine, candidateSinceMs: 4000 } },
    "release-lease: too few members of the cohort have pledged a new term in time",
  ],
  [
    "the topology does not have this tablet any more",
    { ...standby, shard: { ...shard, tablets: [tablets[0]!, tablets[2]!] }, lease: free },
    "wait: nothing is to be done",
  ],
  [
    "the topology does not have this candidate any more",
    { ...waiting, ...candidate, shard: { ...shard, tablets: [tablets[0]!, tablets[2]!] } },
    "release-lease: this tablet cannot be a candidate: its data is not whole, or the topology does not have it",
  ],
  [
    "one that has pledged is not a tablet any more",
    { ...waiting, ...candidate, shard: { ...shard, tablets: tablets.slice(0, 2) }, answers: [answer("c", 6)] },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "the third one leaves the free lease to the target of a switchover",
    { ...standby, self: "c", shard: { ...shard, switchover: { to: "b" } }, lease: { kind: "free", sinceMs: 8500 } },
    "wait: nothing is to be done",
  ],
  [
    "the target of a switchover does not take the free lease",
    { ...standby, self: "c", shard: { ...shard, switchover: { to: "b" } }, lease: free },
    "try-lease: a has not taken the free lease",
  ],
  [
    "gateways are about to hear of the switchover",
    switching({}, 9900),
    "wait: gateways are given time to hear of the switchover to b",
  ],
  [
    "transactions are open before a switchover",
    switching({ openTransactions: 2 }),
    "wait: 2 transactions are open before the switchover to b",
  ],
  [
    "transactions stay open before a switchover",
    switching({ openTransactions: 2 }, 4000),
    "end-switchover: no switchover to b: 2 transactions were still open after 5 s",
  ],
  [
    "the target of the switchover has gone",
    switching({ standbys: [streams("c")] }),
    "end-switchover: no switchover to b: b does not receive the primary's WAL",
  ],
  [
    "a restart in place waits for transactions as well",
    restarting(),
    "stop fast: PostgreSQL is to be started again in place",
  ],
  [
    "transactions stay open before a restart in place",
    { ...restarting(), switchover: { sinceMs: 0, isForced: false }, postgres: { ...running, openTransactions: 2 } },
    "end-switchover: no switchover to a: 2 transactions were still open after 5 s",
  ],
  [
    "PostgreSQL has stopped for a restart in place",
    { ...restarting(), postgres: { ...crashed, how: "cleanly", failures: 0, downSinceMs: 2_000 } },
    "start-primary 5: the primary of term 5 has ended (cleanly)",
  ],
  [
    "PostgreSQL does not come back from a restart in place",
    {
      ...restarting(),
      answers: [answer("b", 5), answer("c", 5)],
      postgres: { ...crashed, how: "cleanly", downSinceMs: -1 },
    },
    "release-lease: PostgreSQL has been down for 10 s, and others can take over",
  ],
  [
    "PostgreSQL is back from a restart in place",
    { ...restarting(), isRestartPending: false },
    "end-switchover: PostgreSQL has been started again, or need not be",
  ],
  ["nothing is open", switching(), "stop fast: b is to be primary by a switchover"],
  [
    "the primary has stopped for a switchover",
    { ...switching(), postgres: { ...crashed, how: "cleanly", failures: 0 } },
    "give-pledge 6: the primary has stopped, and b is to be the next",
  ],
  [
    "the next term is pledged to the target",
    { ...switching(), postgres: { ...crashed, how: "cleanly", failures: 0 }, pledge: { term: 6, candidate: "b" } },
    "release-lease: term 6 is pledged to b, which is to be primary by a switchover",
  ],
  [
    "the target of the switchover had its chance",
    {
      ...switching(),
      ...{ postgres: followsNobody, wal, pledge: { term: 6, candidate: "b" }, restsUntilMs: 9500 },
      answers: [answer("b", 5, { isWhole: false })],
    },
    "ask-pledges 7: the primary of term 5, a, does not hold the lease",
  ],
  [
    "the target finds the lease free",
    { ...standby, shard: { ...shard, switchover: { to: "b" } }, lease: { kind: "free", sinceMs: 10_000 } },
    "try-lease: this tablet is to be primary by a switchover",
  ],
  [
    "the primary has pledged to the target that asks now",
    { ...standby, lease: mine, answers: [answer("a", 6)] },
    "ask-pledges 6: the primary of term 5, a, does not hold the lease",
  ],
  [
    "the disk of the primary is nearly full",
    { ...primary, data: { ...data, freeBytes: 1 }, answers: [answer("c", 5)] },
    "begin-switchover: the disk is full, and c can take over",
  ],
  [
    "the disk of everybody is nearly full",
    { ...primary, data: { ...data, freeBytes: 1 }, answers: [answer("c", 5, { freeBytes: 2 })] },
    "wait: nothing is to be done",
  ],
  ["the shard is new", none, "wait: the first tablet is to initialise the shard"],
  [
    "the shard is new, and the first tablet does not come",
    { ...none, lease: { kind: "free", sinceMs: 5000 } },
    "try-lease: the shard has no primary yet",
  ],
  [
    "the shard is new, and this tablet has the lease",
    { ...none, lease: mine },
    "initialise: the shard has no data yet",
  ],
  [
    "there is first data",
    { ...none, lease: mine, data: standby.data, postgres: crashed },
    "give-pledge 1: this tablet begins the first term",
  ],
  [
    "there is first data, and a pledge",
    { ...none, lease: mine, data: standby.data, postgres: crashed, pledge: { term: 1, candidate: "b" } },
    "name-primary b 1: this tablet has the first data of the shard",
  ],
];

test.each(situations)("%s", (_, view, expected) => {
  const decision = decide(view, patience);
  const kind = decision.kind === "change-shard" ? decision.change : decision.kind;
  const shown: (string | number)[] = [kind];
  if (decision.kind === "stop" && decision.mode !== "immediate") shown.push(decision.mode);
  if (decision.kind === "change-shard" && decision.change === "name-primary")
    shown.push(decision.after.primary!.name, decision.after.term);
  if ("primary" in decision) shown.push(decision.primary);
  if ("term" in decision) shown.push(decision.term);
  expect(`${shown.join(" ")}: ${decision.reason}`).toBe(expected);
});

test("a term is pledged to one candidate, and never an older one", () => {
  const own = { term: 6, candidate: "b" };
  expect(mayPledge(own, { term: 6, candidate: "b" })).toBe(true);
  expect(mayPledge(own, { term: 7, candidate: "c" })).toBe(true);
  expect(mayPledge(own, { term: 6, candidate: "c" })).toBe(false);
  expect(mayPledge(own, { term: 5, candidate: "b" })).toBe(false);
});

test("in every cohort, those who pledge have one of those who acknowledge, and confirmations are enough", () => {
  const names = [..."bcdefg"];
  for (let size = 1; size <= names.length; size++) {
    const standbys = names.slice(0, size);
    for (let acknowledgements = 1; acknowledgements <= size; acknowledgements++) {
      const of = { ...shard, cohort: { standbys, acknowledgements } };
      const sets = subsets(standbys);
      const acknowledging = sets.filter((set) => set.length === acknowledgements);
      for (const pledging of sets) {
        const meets = acknowledging.every((some) => some.some((name) => pledging.includes(name)));
        expect(haveQuorum(of, new Set(pledging), true)).toBe(meets);
        // When these confirm, those who are left cannot begin a term.
        const rest = standbys.filter((name) => !pledging.includes(name));
        expect(isRestTooFew(of, new Set(pledging))).toBe(!haveQuorum(of, new Set(rest), true));
      }
    }
  }
});

test("a new primary's cohort has the members that there were", () => {
  const cohort: Cohort = { standbys: ["b"], acknowledgements: 1 };
  const after = withPrimary({ ...shard, cohort, nextCohort: shard.cohort, switchover: { to: "b" } }, "c", 6);
  expect(after.primary?.name).toBe("c");
  expect(after.term).toBe(6);
  expect(after.cohort).toEqual({ standbys: ["b", "a"], acknowledgements: 1 });
  expect(after.nextCohort).toEqual({ standbys: ["b", "a"], acknowledgements: 1 });
  expect(after).not.toHaveProperty("switchover");
});

test("WAL is a beginning of another's until the next term began there", () => {
  const terms = [1, 3, 4].map((term) => ({ term, lsn: 100 * term }));
  const at = (term: number, lsn: number, branchedAtLsn?: number) => isBeginningOf({ term, lsn, branchedAtLsn }, terms);
  expect([at(1, 300), at(3, 400), at(4, 9999)]).toEqual([true, true, true]);
  expect([at(1, 301), at(3, 401)]).toEqual([false, false]);
  // Of a term that the primary does not know, and of a promotion that left no record.
  expect([at(2, 200), at(0, 1), at(5, 500), at(1, 250, 200)]).toEqual([false, false, false, false]);
});

test("a term that begins after an unfinished promotion begins where that one did, too", () => {
  expect(termStarts(7, { term: 5, lsn: 100, branchedAtLsn: undefined })).toEqual([{ term: 7, lsn: 100 }]);
  const starts = termStarts(7, { term: 5, lsn: 100, branchedAtLsn: 90 });
  const terms = [{ term: 5, lsn: 50 }, ...starts];
  expect(isBeginningOf({ term: 5, lsn: 95, branchedAtLsn: undefined }, terms)).toBe(false);
  expect(isBeginningOf({ term: 7, lsn: 120, branchedAtLsn: undefined }, terms)).toBe(true);
});

test("the wanted cohort follows the policy", () => {
  const wanted = (durability: Shard["durability"], standbys: readonly StandbyState[], zones = "abc") => {
    const zoned = tablets.map((tablet, i) => ({ ...tablet, zone: zones[i]! }));
    return wantedCohort({ ...shard, durability, tablets: zoned, primary: zoned[0] }, standbys, 10_000, patience);
  };
  const both = [streams("b"), streams("c")];
  expect(wanted("none", both)).toEqual({ standbys: [], acknowledgements: 0 });
  expect(wanted("one", both)).toEqual({ standbys: ["b", "c"], acknowledgements: 1 });
  expect(wanted("majority", both)).toEqual({ standbys: ["b", "c"], acknowledgements: 1 });
  expect(wanted("zone", both, "aab")).toEqual({ standbys: ["c"], acknowledgements: 1 });
  // Nobody is elsewhere: what there is stays.
  expect(wanted("zone", both, "aaa")).toEqual(shard.cohort);
  const five = [..."abcde"].map((name) => ({ ...tablets[0]!, name }));
  const joins = (name: string, changes: Partial<StandbyState>) =>
    wantedCohort(
      { ...shard, durability: "majority", tablets: five },
      [...both, streams(name, changes)],
      10_000,
      patience,
    );
  expect(joins("d", {})).toEqual({ standbys: ["b", "c", "d"], acknowledgements: 2 });
  expect(joins("d", { sinceMs: 9500 })).toEqual({ standbys: ["b", "c"], acknowledgements: 2 });
  expect(joins("d", { lagBytes: 2 ** 30 })).toEqual({ standbys: ["b", "c"], acknowledgements: 2 });
});

test("a switchover is refused with a reason", () => {
  const view = { ...primary, answers: [answer("b", 5)] };
  expect(whyNotTo(view, "b", patience)).toBeUndefined();
  expect(whyNotTo(view, "a", patience)).toBe("a is the primary");
  expect(whyNotTo(view, "x", patience)).toBe("the shard has no tablet x");
  expect(whyNotTo(view, "c", patience)).toBe("the agent of c does not answer");
  expect(whyNotTo(standby, "b", patience)).toBe("this tablet is not the primary");
});

function subsets(names: readonly string[]): string[][] {
  const [first, ...rest] = names;
  if (first === undefined) return [[]];
  const without = subsets(rest);
  return without.concat(without.map((set) => [first, ...set]));
}
