// The checker of histories finds every anomaly in histories that were written by hand to have it, and nothing in good ones.
import { describe, expect, test } from "vitest";
import type { AnomalyKind } from "./checker/anomaly.ts";
import { checkHistory } from "./checker/check-history.ts";
import { violations } from "./checker/claims.ts";
import { writtenHistory } from "./checker/written-history.ts";

const kindsIn = (kind: "lists" | "registers", text: string): AnomalyKind[] => [
  ...new Set(checkHistory(writtenHistory(kind, text)).map((anomaly) => anomaly.kind)),
];

/** Name, the anomalies to be found and no others, and the history. */
type Sample = readonly [name: string, expected: readonly AnomalyKind[], text: string];

const lists: Sample[] = [
  [
    "transactions one after the other",
    [],
    "T1 @0-1: a1+1 b1+2 \n T2 @2-3: a1[1] b1[2]; a1+3 \n finally: a1[1 3] b1[2]",
  ],
  [
    "a snapshot of before, taken before it ended",
    [],
    "T1 @0-9: a1+1; b1+2 \n T2 rr @5-6: a1[] b1[] \n finally: a1[1] b1[2]",
  ],
  [
    "a snapshot between two transactions",
    [],
    "T1: a1+1 b1+2 \n T2: a1+3 b1+4 \n T3 rr: a1[1]; b1[2] \n finally: a1[1 3] b1[2 4]",
  ],
  ["own appends, after those of others", [], "T1: a1+1 \n T2: a1+2; a1[1 2]; a1+3; a1[1 2 3]"],
  ["two statements of READ COMMITTED, with something between them", [], "T1: a1+1 b1+2 \n T2: a1[]; a1[1] b1[2]"],
  ["an unknown outcome that happened", [], "T1 unknown: a1+1 b1+2 \n T2: a1[1] b1[2] \n finally: a1[1] b1[2]"],
  ["an unknown outcome that did not", [], "T1 unknown: a1+1 b1+2 \n finally: a1[] b1[]"],
  ["an aborted transaction that nobody sees", [], "T1 aborted: a1+1; a1[1] \n T2: a1[]; a1+2 \n finally: a1[2]"],
  ["write skew at READ COMMITTED", [], "T1: a1[] b1[]; a1+1 \n T2: a1[] b1[]; b1+2"],

  ["a value from nowhere", ["garbage read"], "T1: a1+1 \n T2: a1[1 7]"],
  ["a value of another key", ["garbage read"], "T1: a1+1 \n T2: b1[1]"],
  ["a value twice", ["duplicate"], "T1: a1+1 \n T2: a1[1 1]"],
  ["two orders", ["incompatible order"], "T1: a1+1 \n T2: a1+2 \n T3: a1[1] \n T4: a1[2 1]"],
  ["an append that its own transaction does not see", ["internal"], "T1: a1+1; a1[]"],
  ["own appends in another order", ["internal"], "T1: a1+1; a1+2; a1[2 1]"],
  ["an append of another one after the own one", ["internal"], "T1: a1+1; a1[1 2] \n T2: a1+2"],
  ["a commit that is gone", ["lost write"], "T1: a1+1 \n finally: a1[]"],
  ["a commit that is gone on one shard", ["lost write"], "T1: a1+1 b1+2 \n finally: a1[1] b1[]"],
  ["an unknown outcome that happened on one shard", ["half commit"], "T1 unknown: a1+1 b1+2 \n finally: a1[1] b1[]"],
  ["an aborted read", ["G1a"], "T1 aborted: a1+1 \n T2: a1[1]"],
  ["an aborted write that stays", ["G1a"], "T1 aborted: a1+1 \n finally: a1[1]"],
  ["an intermediate read", ["G1b", "fractured read"], "T1: a1+1; a1+2 \n T2: a1[1] \n finally: a1[1 2]"],

  ["half of a commit in one statement", ["fractured read"], "T1: a1+1 b1+2 \n T2: a1[1] b1[] \n finally: a1[1] b1[2]"],
  [
    "half of a commit in one snapshot",
    ["fractured read", "G-single"],
    "T1: a1+1 b1+2 \n T2 rr: a1[1]; b1[] \n finally: a1[1] b1[2]",
  ],
  ["half of an unknown outcome", ["fractured read"], "T1 unknown: a1+1 b1+2 \n T2: a1[1] b1[] \n finally: a1[1] b1[2]"],
  [
    "half of a commit, read by a transaction that aborts",
    ["fractured read"],
    "T1: a1+1 b1+2 \n T2 aborted: a1[1] b1[] \n finally: a1[1] b1[2]",
  ],
  [
    "a commit without the one that it follows on a shard",
    ["fractured read"],
    "T1: a1+1 b1+2 \n T2: b1+3 b2+4 \n T3: a1[] b2[4] \n finally: a1[1] b1[2 3] b2[4]",
  ],
  [
    "a chain of commits over three shards, seen from its end",
    ["fractured read", "G-single"],
    "T1: a1+1 c1+2 \n T2: c1+3 b1+4 \n T3 rr: a1[]; b1[4] \n finally: a1[1] b1[4] c1[2 3]",
  ],
  [
    "a chain over a shard that the statement does not read",
    [],
    "T1: a1+1 c1+2 \n T2: c1+3 b1+4 \n T3: a1[] b1[4] \n finally: a1[1] b1[4] c1[2 3]",
  ],
  ["a snapshot that changes", ["non-repeatable read", "fractured read", "G-single"], "T1: a1+1 \n T2 rr: a1[]; a1[1]"],
  ["a snapshot older than what was over before it", ["stale read"], "T1 @0-1: a1+1 \n T2 @2-3: a1[] \n finally: a1[1]"],
  ["a lost update", ["lost update", "G-single"], "T1 rr: a1[]; a1+1 \n T2 rr: a1[]; a1+2 \n finally: a1[1 2]"],
  ["updates that lose nothing", [], "T1 rr: a1[]; a1+1 \n T2 rr: a1[1]; a1+2 \n finally: a1[1 2]"],

  ["two writers in two orders", ["G0"], "T1: a1+1; b1+2 \n T2: a1+3; b1+4 \n finally: a1[1 3] b1[4 2]"],
  ["two writers in the order in which they were not", ["G0"], "T1 @0-1: a1+1 \n T2 @2-3: a1+2 \n finally: a1[2 1]"],
  ["each reads the other one's write", ["G1c"], "T1: a1+1; b1[2] \n T2: b1+2; a1[1]"],
  ["a read of what came later", ["G1c"], "T1 @0-1: a1[1] \n T2 @2-3: a1+1 \n finally: a1[1]"],
  [
    "two commits of one shard each in the order in which they were not",
    ["G-single"],
    "T1: a1+1 \n T2: a1[1]; b1+2 \n T3 rr: a1[]; b1[2] \n finally: a1[1] b1[2]",
  ],
  ["a long fork", ["long fork"], "T1: a1+1 \n T2: b1+2 \n T3 rr: a1[1] b1[] \n T4 rr: a1[] b1[2]"],
  ["write skew", ["G2-item"], "T1 rr: a1[] b1[]; a1+1 \n T2 rr: a1[] b1[]; b1+2 \n finally: a1[1] b1[2]"],
  [
    "a reader that sees write skew from outside",
    ["G2-item"],
    "T1 ser: a1[]; b1+1 \n T2 ser: b1[]; c1+2 \n T3 ser: c1[]; a1+3 \n finally: a1[3] b1[1] c1[2]",
  ],
];

const registers: Sample[] = [
  ["one after the other", [], "T1: a1:0>1 \n T2: a1[1]; a1:1>2; a1[2] \n finally: a1[2]"],
  [
    "a write whose answer was lost, and that happened",
    [],
    "T1 unknown: a1:?>1 \n T2: a1:1>2 \n T3: a1[1] \n finally: a1[2]",
  ],
  ["a write whose answer was lost, and that did not happen", [], "T1 unknown: a1:?>1 \n T2: a1:0>2 \n finally: a1[2]"],
  ["a value from nowhere", ["garbage read"], "T1: a1[3]"],
  ["an own write that is not seen", ["internal"], "T1: a1:0>1; a1[0]"],
  ["an aborted read", ["G1a"], "T1 aborted: a1:0>1 \n T2: a1[1]"],
  ["a write over an aborted one", ["G1a"], "T1 aborted: a1:0>1 \n T2: a1:1>2"],
  ["an intermediate read", ["G1b", "fractured read"], "T1: a1:0>1; a1:1>2 \n T2: a1[1] \n finally: a1[2]"],
  ["a write that is lost", ["lost write"], "T1: a1:0>1 \n finally: a1[]"],
  ["two writes over the same one", ["incompatible order", "lost write"], "T1: a1:0>1 \n T2: a1:0>2 \n finally: a1[2]"],
  ["a half", ["half commit"], "T1 unknown: a1:0>1 b1:0>2 \n finally: a1[1] b1[]"],
  [
    "half of a commit in one statement",
    ["fractured read"],
    "T1: a1:0>1 b1:0>2 \n T2: a1[1] b1[] \n finally: a1[1] b1[2]",
  ],
  [
    "half of a commit that has been written over",
    ["fractured read"],
    "T1: a1:0>1 b1:0>2 \n T2: a1:1>3 \n T3: a1[3] b1[] \n finally: a1[3] b1[2]",
  ],
  [
    "half of a commit beside a write whose answer was lost",
    ["fractured read"],
    "T1: a1:0>1 b1:0>2 \n T2 unknown: b1:?>3 \n T3: a1[1] b1[] \n finally: a1[1] b1[3]",
  ],
  ["a stale read", ["stale read"], "T1 @0-1: a1:0>1 \n T2 @2-3: a1[] \n finally: a1[1]"],
  ["a lost update", ["lost update", "G-single"], "T1 rr: a1[]; a1:0>1 \n T2 rr: a1[]; a1:1>2 \n finally: a1[2]"],
  ["two writers in two orders", ["G0"], "T1: a1:0>1; b1:4>2 \n T2: a1:1>3; b1:0>4 \n finally: a1[3] b1[2]"],
  ["each reads the other one's write", ["G1c"], "T1: a1:0>1; b1[2] \n T2: b1:0>2; a1[1]"],
  ["a long fork", ["long fork"], "T1: a1:0>1 \n T2: b1:0>2 \n T3 rr: a1[1] b1[] \n T4 rr: a1[] b1[2]"],
  ["write skew", ["G2-item"], "T1 rr: a1[] b1[]; a1:0>1 \n T2 rr: a1[] b1[]; b1:0>2 \n finally: a1[1] b1[2]"],
];

describe("lists", () => {
  test.each(lists)("%s", (_, expected, text) => {
    expect(kindsIn("lists", text)).toEqual(expected);
  });
});

describe("registers", () => {
  test.each(registers)("%s", (_, expected, text) => {
    expect(kindsIn("registers", text)).toEqual(expected);
  });
});

describe("what may remain", () => {
  const found = checkHistory(
    writtenHistory(
      "lists",
      "T1: a1+1 \n T2: b1+2 \n T3 rr: a1[1] b1[] \n T4 rr: a1[] b1[2] \n T5 aborted: a1+5 \n T6: a1[5]",
    ),
  );
  const kindsAt = (...[level, shards]: [Parameters<typeof violations>[1], Parameters<typeof violations>[2]]) =>
    new Set(violations(found, level, shards).map(({ kind }) => kind));

  test("an aborted read nowhere", () => {
    expect(kindsAt("read committed", "several")).toContain("G1a");
    expect(kindsAt("repeatable read", "several")).toContain("G1a");
  });
  test("a long fork only over several shards", () => {
    expect(kindsAt("repeatable read", "several")).not.toContain("long fork");
    expect(kindsAt("repeatable read", "one")).toContain("long fork");
    expect(kindsAt("serializable", "one")).toContain("long fork");
  });
});
