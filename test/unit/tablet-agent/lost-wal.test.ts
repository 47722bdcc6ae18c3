// How much an old primary has written that its successor was chosen without, and whether anybody was told that it is done.
import { expect, test } from "vitest";
import type { Shard, ShardName } from "../../../src/topology/snapshot.ts";
import type { ClusterView } from "../../../tablet-agent/ha/cluster-view.ts";
import { lostWal } from "../../../tablet-agent/ha/lost-wal.ts";

const tablets = ["a", "b"].map((name) => ({ name, address: { host: "h", port: 1 } }));
const shard: Shard = {
  name: "s" as ShardName,
  ordinal: 0,
  primary: tablets[1],
  term: 6,
  tablets,
  durability: "none",
  cohort: { standbys: [], acknowledgements: 0 },
  nextCohort: undefined,
};
const own = [
  { term: 4, lsn: 10 },
  { term: 5, lsn: 50 },
];
const said = (...terms: { term: number; lsn: number }[]) => {
  return { systemIdentifier: "7", terms, askedAtMs: 0, sinceMs: 0 };
};
/** Tablet a was primary of term 5 until 100; b has begun term 6 at 80. */
const view: ClusterView = {
  self: "a",
  nowMs: 0,
  shard,
  version: "9",
  pledge: { term: 6, candidate: "b" },
  data: { isWhole: true, promotedTerm: 5, systemIdentifier: "7", freeBytes: undefined },
  postgres: { kind: "standby", follows: undefined, cannotFollow: undefined, silentSinceMs: undefined },
  wal: { term: 5, lsn: 100, branchedAtLsn: undefined },
  lease: { kind: "other" },
  restsUntilMs: 0,
  primarySaid: said(...own, { term: 6, lsn: 80 }),
  answers: [],
  switchover: undefined,
};

test("with durability none it may have been acknowledged", () => {
  expect(lostWal(view, own)).toEqual({
    bytes: 20,
    mayBeAcknowledged: true,
    reason:
      "20 bytes of WAL, written here as primary of term 5, are not in term 6: commits in them may have been acknowledged, as they wait for no standby (durability none)",
  });
});

test("where commits wait for standbys it never was", () => {
  const cohort = { standbys: ["a"], acknowledgements: 1 };
  const lost = lostWal({ ...view, shard: { ...shard, durability: "one", cohort } }, own);
  expect(lost).toMatchObject({ bytes: 20, mayBeAcknowledged: false });
  expect(lost!.reason).toContain("no commit in them was ever acknowledged");
  // The policy alone says nothing: the cohort may not have come about yet.
  expect(lostWal({ ...view, shard: { ...shard, durability: "one" } }, own)).toMatchObject({ mayBeAcknowledged: true });
});

test.each<[string, ClusterView, typeof own, number | undefined]>([
  ["all of a term that nobody else has", { ...view, primarySaid: said(own[0]!, { term: 6, lsn: 60 }) }, own, 50],
  [
    "a successor that branched off before the term",
    { ...view, primarySaid: said(own[0]!, { term: 6, lsn: 40 }) },
    own,
    60,
  ],
  [
    "terms that came after",
    { ...view, primarySaid: said(...own, { term: 6, lsn: 70 }, { term: 7, lsn: 90 }) },
    own,
    30,
  ],
  ["a successor that has it all", { ...view, primarySaid: said(...own, { term: 6, lsn: 100 }) }, own, undefined],
  ["a standby of the old primary", { ...view, data: { ...view.data, promotedTerm: undefined } }, own, undefined],
  ["histories without a term in common", { ...view, primarySaid: said({ term: 6, lsn: 80 }) }, own, undefined],
  ["an end that is not known yet", { ...view, wal: undefined }, own, undefined],
])("%s", (_what, given, terms, bytes) => {
  expect(lostWal(given, terms)?.bytes).toBe(bytes);
});
