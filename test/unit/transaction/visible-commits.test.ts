// When the lists of commits that several snapshots show do agree, and who is behind when they do not.
import { expect, test } from "vitest";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import {
  commonlyClosed,
  missingCommits,
  type Observation,
  parseVisibleCommits,
} from "../../../src/transaction/visible-commits.ts";

/** `text` as a shard gives it; a second one: what another list, after Bind, says. */
const seen = (shard: string, text: string, later = text, closedBefore: Record<string, number> = {}): Observation => ({
  shard: shard as ShardName,
  closedBefore: new Map(Object.entries(closedBefore)),
  before: parseVisibleCommits(text),
  after: parseVisibleCommits(later),
});
const behind = (...observations: Observation[]) =>
  missingCommits(observations).map(({ shard, origin, number }) => `${shard}: ${origin} ${number}`);

test("a list is read as it is written", () => {
  expect(parseVisibleCommits("")).toEqual(new Map());
  expect(parseVisibleCommits("g1_a 7 3 8:s1,s2 11:s2\ng2_b 0 0")).toEqual(
    new Map([
      [
        "g1_a",
        {
          closed: 7,
          unlisted: 3,
          commits: new Map([
            [8, ["s1", "s2"]],
            [11, ["s2"]],
          ]),
        },
      ],
      ["g2_b", { closed: 0, unlisted: 0, commits: new Map() }],
    ]),
  );
});

test.each<[string, Observation[], string[]]>([
  ["nothing anywhere", [seen("s1", ""), seen("s2", "")], []],
  ["the same everywhere", [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "g 0 0 1:s1,s2")], []],
  ["shown by one of two participants", [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "g 0 0")], ["s2: g 1"]],
  ["an origin that the other has not heard of", [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "")], ["s2: g 1"]],
  ["the other is no participant", [seen("s1", "g 0 0 1:s1,s3"), seen("s2", "g 0 0")], []],
  ["the other says that it is closed", [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "g 1 0")], []],
  ["closed here up to where others begin to list", [seen("s1", "g 9 5"), seen("s2", "g 5 0")], []],
  ["others list later ones only", [seen("s1", "g 9 6"), seen("s2", "g 5 0")], ["s2: g 6"]],
  [
    "others list later ones only, and this one lists all",
    [seen("s1", "g 9 6"), seen("s2", "g 5 4 6:s1,s2")],
    ["s2: g 6"],
  ],
  ["closed elsewhere, listed there all the same", [seen("s1", "g 9 5 7:s1,s2"), seen("s2", "g 5 0")], ["s2: g 7"]],
  ["others list later ones only, of an origin that is new here", [seen("s1", "g 9 6"), seen("s2", "")], ["s2: g 6"]],
  [
    "known to be closed before it was asked",
    [seen("s1", "g 9 6 8:s1,s2"), seen("s2", "g 5 0", undefined, { g: 8 })],
    [],
  ],
  [
    "known to be closed, but not as far",
    [seen("s1", "g 9 6 8:s1,s2"), seen("s2", "", undefined, { g: 7 })],
    ["s2: g 8"],
  ],
  [
    "each shows what the other does not",
    [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "g 0 0 2:s2,s1")],
    ["s2: g 1", "s1: g 2"],
  ],
  [
    "came between two lists, surely on the other",
    [seen("s1", "g 0 0 1:s1,s2"), seen("s2", "g 0 0", "g 0 0 1:s1,s2")],
    ["s2: g 1"],
  ],
  [
    "came between two lists on both",
    [seen("s1", "g 0 0", "g 0 0 1:s1,s2"), seen("s2", "g 0 0", "g 0 0 1:s1,s2")],
    ["s1: g 1", "s2: g 1"],
  ],
  [
    "came between two lists of the only participant that is read",
    [seen("s1", "g 0 0", "g 0 0 1:s1,s3"), seen("s2", "g 0 0")],
    [],
  ],
  ["two reads of one shard at different moments", [seen("s1", "g 0 0"), seen("s1", "g 0 0 1:s1,s3")], ["s1: g 1"]],
])("%s", (_, observations, expected) => {
  expect(behind(...observations)).toEqual(expected);
  // The order in which shards answer does not matter.
  expect(behind(...[...observations].reverse()).sort()).toEqual([...expected].sort());
});

test("what all are sure to show is where later lists have to begin", () => {
  const observations = [
    seen("s1", "g 9 6\nh 2 0"),
    seen("s2", "g 5 0", undefined, { h: 1 }),
    seen("s3", "g 4 0\nh 7 7"),
  ];
  expect(commonlyClosed(observations)).toEqual(
    new Map([
      ["g", 4],
      ["h", 1],
    ]),
  );
  expect(commonlyClosed([])).toEqual(new Map());
});
