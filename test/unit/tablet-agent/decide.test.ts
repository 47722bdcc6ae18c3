// Failover's decisions, one situation each, with the sentence that says why.
import { expect, test } from "vitest";
import type { ClusterView } from "../../../tablet-agent/ha/cluster-view.ts";
import { type Cohort, confirmationsNeeded, isCohort, pledgesNeeded } from "../../../tablet-agent/ha/cohort.ts";
import { decide } from "../../../tablet-agent/ha/decide.ts";
import { mayPledge, type TabletAnswer } from "../../../tablet-agent/ha/pledge.ts";

const patience = { confirmationMs: 4000, freeLeaseMs: 1500, candidateMs: 4000 };
const wal = { term: 5, lsn: 100 };
const mine = { kind: "mine", untilMs: 15_000, candidateSinceMs: undefined } as const;
const candidate = { lease: mine, pledge: { term: 6, candidate: "b" } };

/** Tablet b is a standby of a, primary of term 5; all is well. */
const standby: ClusterView = {
  self: "b",
  nowMs: 10_000,
  shard: { term: 5, primary: "a", cohort: { members: ["a", "b", "c"], k: 1 }, version: 9 },
  pledge: { term: 5, candidate: "a" },
  postgres: { kind: "standby", follows: { primary: "a", term: 5 } },
  wal,
  lease: { kind: "other" },
  restsUntilMs: 0,
  answers: [],
};
const primary: ClusterView = { ...standby, self: "a", postgres: { kind: "primary", term: 5 }, lease: mine };

function answer(name: string, term: number, changes: Partial<TabletAnswer> = {}): TabletAnswer {
  return { name, pledge: { term, candidate: "b" }, wal, askedAtMs: 9000, ...changes };
}

const situations: readonly [string, ClusterView, string][] = [
  ["all is well with a primary", primary, "try-lease: the primary renews its lease"],
  ["all is well with a standby", standby, "wait: nothing is to be done"],
  [
    "a primary hears of a later term",
    { ...primary, answers: [answer("b", 6)] },
    "stop-primary: term 6 is known, and this is a primary of term 5",
  ],
  [
    "another tablet has got the lease",
    { ...primary, lease: { kind: "other" }, answers: [answer("b", 5)] },
    "stop-primary: another tablet holds the lease",
  ],
  [
    "the store is away, and a standby confirms",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("b", 5)] },
    "try-lease: the primary renews its lease",
  ],
  [
    "the store is away, and the confirmation is old",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("b", 5, { askedAtMs: 6000 })] },
    "stop-primary: the lease could not be renewed in time, and too few standbys confirm that they know no other primary",
  ],
  [
    "the store is away, and a stranger confirms",
    { ...primary, lease: { kind: "unknown" }, answers: [answer("x", 5)] },
    "stop-primary: the lease could not be renewed in time, and too few standbys confirm that they know no other primary",
  ],
  [
    "PostgreSQL of the primary has crashed",
    { ...primary, postgres: { kind: "stopped" } },
    "promote 5: the topology names this tablet primary of term 5",
  ],
  [
    "the named tablet has pledged a later term meanwhile",
    { ...primary, postgres: { kind: "stopped" }, lease: { kind: "other" }, pledge: { term: 6, candidate: "b" } },
    "start-standby: PostgreSQL is not running",
  ],
  [
    "the named tablet's data is not whole",
    { ...primary, postgres: { kind: "stopped" }, wal: undefined },
    "start-standby: PostgreSQL is not running",
  ],
  [
    "a new primary is named",
    { ...standby, shard: { ...standby.shard, term: 6, primary: "c" } },
    "follow c 6: the topology names c primary of term 6",
  ],
  [
    "a term later than the topology's is pledged",
    { ...standby, postgres: { kind: "standby", follows: undefined }, pledge: { term: 6, candidate: "c" } },
    "wait: nothing is to be done",
  ],
  [
    "the lease is free for a moment",
    { ...standby, lease: { kind: "free", sinceMs: 9000 } },
    "wait: nothing is to be done",
  ],
  [
    "the lease is free for long",
    { ...standby, lease: { kind: "free", sinceMs: 8000 } },
    "try-lease: a has not taken the free lease",
  ],
  [
    "a standby has got the lease",
    { ...standby, lease: mine },
    "ask-pledges 6: the primary of term 5, a, has lost its lease",
  ],
  [
    "a later term than the candidate's is known",
    { ...standby, ...candidate, answers: [answer("c", 8)] },
    "ask-pledges 9: the primary of term 5, a, has lost its lease",
  ],
  [
    "too few have pledged",
    { ...standby, ...candidate, answers: [answer("c", 5), answer("x", 6)] },
    "ask-pledges 6: the primary of term 5, a, has lost its lease",
  ],
  [
    "one that has pledged is not whole",
    { ...standby, ...candidate, answers: [answer("c", 6, { wal: undefined })] },
    "ask-pledges 6: the primary of term 5, a, has lost its lease",
  ],
  [
    "a pledge was given to another candidate",
    { ...standby, ...candidate, answers: [answer("c", 6, { pledge: { term: 6, candidate: "a" } })] },
    "ask-pledges 6: the primary of term 5, a, has lost its lease",
  ],
  [
    "enough have pledged, and another is further",
    { ...standby, ...candidate, answers: [answer("c", 6, { wal: { term: 5, lsn: 101 } })] },
    "name-primary c 6: c is the most advanced of b, c, who have pledged term 6",
  ],
  [
    "the primary of the term before has pledged, and nobody else",
    { ...primary, postgres: { kind: "standby", follows: undefined }, pledge: { term: 6, candidate: "a" } },
    "name-primary a 6: a is the most advanced of a, who have pledged term 6",
  ],
  [
    "the longer WAL is of an older term",
    { ...standby, ...candidate, answers: [answer("c", 6, { wal: { term: 4, lsn: 999 } })] },
    "name-primary b 6: b is the most advanced of b, c, who have pledged term 6",
  ],
  [
    "pledges do not come",
    { ...standby, ...candidate, lease: { ...mine, candidateSinceMs: 6000 } },
    "release-lease: too few members of the cohort have pledged a new term in time",
  ],
];

test.each(situations)("%s", (_, view, expected) => {
  const decision = decide(view, patience);
  const details = [
    "primary" in decision ? ` ${decision.primary}` : "",
    "term" in decision ? ` ${decision.term}` : "",
  ].join("");
  expect(`${decision.kind}${details}: ${decision.reason}`).toBe(expected);
});

test("a term is pledged to one candidate, and never an older one", () => {
  const own = { term: 6, candidate: "b" };
  expect(mayPledge(own, { term: 6, candidate: "b" })).toBe(true);
  expect(mayPledge(own, { term: 7, candidate: "c" })).toBe(true);
  expect(mayPledge(own, { term: 6, candidate: "c" })).toBe(false);
  expect(mayPledge(own, { term: 5, candidate: "b" })).toBe(false);
});

test("in every cohort, those who pledge have one of those who acknowledge, and confirmations are enough", () => {
  const names = [..."abcdefg"];
  for (let size = 2; size <= names.length; size++) {
    const members = names.slice(0, size);
    for (let k = 1; k < size; k++) {
      const cohort: Cohort = { members, k };
      expect(isCohort(cohort)).toBe(true);
      const sets = subsets(members);
      const acknowledging = sets.filter((set) => set.includes("a") && set.length === k + 1);
      const pledging = sets.filter((set) => set.length === pledgesNeeded(cohort));
      for (const some of acknowledging)
        expect(pledging.every((others) => others.some((name) => some.includes(name)))).toBe(true);
      // Without the primary and those who confirm, nobody can begin a term; one confirmation fewer, and somebody could.
      expect(size - 1 - confirmationsNeeded(cohort)).toBe(pledgesNeeded(cohort) - 1);
    }
  }
  expect(isCohort({ members: ["a", "b"], k: 0 })).toBe(false);
  expect(isCohort({ members: ["a", "b"], k: 2 })).toBe(false);
  expect(isCohort({ members: ["a", "a", "b"], k: 1 })).toBe(false);
});

function subsets(names: readonly string[]): string[][] {
  const [first, ...rest] = names;
  if (first === undefined) return [[]];
  const without = subsets(rest);
  return without.concat(without.map((set) => [first, ...set]));
}
