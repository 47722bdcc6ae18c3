// Terms and timelines: read, compared, and told apart where PostgreSQL's numbers do not.
import { describe, expect, test } from "vitest";
import { canFindFork, parseTimelines, type WalHistory } from "../../../tablet-agent/postgres/common-history.ts";
import { parseControlFile } from "../../../tablet-agent/postgres/control-file.ts";
import { parseTermRecord } from "../../../tablet-agent/postgres/term-record.ts";

describe("the term's record", () => {
  test("is read from the settings of the role, among others", () => {
    const settings = ["search_path=a=b", "shardgres.terms=5@0/3000060 7@1/0", "shardgres.term=7"];
    expect(parseTermRecord(settings)).toEqual({
      term: 7,
      terms: [
        { term: 5, lsn: 0x3000060 },
        { term: 7, lsn: 0x100000000 },
      ],
    });
  });

  test("has two places where a term goes on after a promotion that was not finished", () => {
    const { terms } = parseTermRecord(["shardgres.terms=5@0/1 7@0/2 7@0/3", "shardgres.term=7"]);
    expect(terms.map(({ term, lsn }) => [term, lsn])).toEqual([
      [5, 1],
      [7, 2],
      [7, 3],
    ]);
  });

  test("is not there before the first term", () => {
    expect(parseTermRecord([])).toEqual({ term: 0, terms: [] });
    expect(parseTermRecord(["work_mem=5MB"])).toEqual({ term: 0, terms: [] });
  });

  test.each([
    [["shardgres.term=7"]],
    [["shardgres.terms=7@0/0"]],
    [["shardgres.term=7", "shardgres.terms=6@0/0"]],
    [["shardgres.term=7", "shardgres.terms=7@0"]],
    [["shardgres.term=6", "shardgres.terms=7@0/0 6@0/1"]],
    [["shardgres.term=x", "shardgres.terms=x@0/0"]],
    [["shardgres.term=0", "shardgres.terms=0@0/0"]],
  ])("makes no sense: %j", (settings) => {
    expect(() => parseTermRecord(settings)).toThrow("which make no sense");
  });
});

describe("a timeline history file", () => {
  test("says where each timeline begins", () => {
    const text = "1\t0/3000148\tno recovery target specified\n\n# a comment\n2\t1/5000000\tbefore 2026-11-28\n";
    expect(parseTimelines(4, text)).toEqual([
      { timeline: 1, lsn: 0 },
      { timeline: 2, lsn: 0x3000148 },
      { timeline: 4, lsn: 0x105000000 },
    ]);
    expect(parseTimelines(1, "")).toEqual([{ timeline: 1, lsn: 0 }]);
    expect(parseTimelines(2, "1\tsomewhere")).toBeUndefined();
  });
});

describe("where two histories part", () => {
  /** Timelines by where they begin, terms likewise. */
  const history = (timelines: number[], terms: [term: number, lsn: number][]): WalHistory => ({
    timelines: timelines.map((lsn, i) => ({ timeline: i + 1, lsn })),
    terms: terms.map(([term, lsn]) => ({ term, lsn })),
  });
  const first = history([0], [[1, 5]]);
  const second = history(
    [0, 100],
    [
      [1, 5],
      [2, 100],
    ],
  );
  const rival = history(
    [0, 100],
    [
      [1, 5],
      [3, 100],
    ],
  );
  const third = history(
    [0, 100, 200],
    [
      [1, 5],
      [2, 100],
      [4, 200],
    ],
  );
  const rivalThird = history(
    [0, 100, 200],
    [
      [1, 5],
      [3, 100],
      [4, 200],
    ],
  );
  const later = history(
    [0, 150],
    [
      [1, 5],
      [3, 150],
    ],
  );
  const laterThird = history(
    [0, 150, 300],
    [
      [1, 5],
      [3, 150],
      [4, 300],
    ],
  );

  test.each([
    ["an old primary's, and its successor's", first, second, true],
    ["its successor's successor's", first, third, true],
    ["of the second primary, and of the third", second, third, true],
    ["promoted at two places, so that timelines have the same number", second, later, false],
    ["promoted at two places, and the other went on", second, laterThird, true],
    ["the same timeline: pg_rewind would see nothing to do", second, second, false],
    ["promoted at one place, so that timelines have the same number", second, rival, false],
    ["the same, and the other went on", second, rivalThird, false],
    ["the same, the other way round", rival, third, false],
    ["ahead of the source", third, second, true],
    ["the term of a timeline is not known", history([0, 100], []), third, false],
    ["the source does not know it any more", second, history([0, 100, 200], [[4, 200]]), false],
  ])("%s", (_, target, source, can) => {
    expect(canFindFork(target, source)).toBe(can);
  });
});

describe("the control file", () => {
  const file = ({ version = 1800, state = 6 } = {}) => {
    const bytes = Buffer.alloc(8192);
    bytes.writeBigUInt64LE(7713303437297318002n, 0);
    bytes.writeUInt32LE(version, 8);
    bytes.writeUInt32LE(state, 16);
    bytes.writeBigUInt64LE(0x1174b290n, 32);
    bytes.writeUInt32LE(3, 48);
    return bytes;
  };

  test("says what happened last", () => {
    expect(parseControlFile(file(), true)).toEqual({
      systemIdentifier: "7713303437297318002",
      state: "in-production",
      timeline: 3,
      checkpointLsn: 0x1174b290,
    });
    const states = [0, 1, 2, 3, 4, 5, 6].map((state) => parseControlFile(file({ state }), true)?.state);
    expect(states).toEqual([
      "in-production",
      "shut-down",
      "shut-down-in-recovery",
      "in-production",
      "in-production",
      "in-recovery",
      "in-production",
    ]);
  });

  test("makes no sense when it is of another version or machine, or cut short", () => {
    expect(parseControlFile(file({ version: 1900 }), true)).toBeUndefined();
    expect(parseControlFile(file({ state: 7 }), true)).toBeUndefined();
    expect(parseControlFile(file(), false)).toBeUndefined();
    expect(parseControlFile(file().subarray(0, 40), true)).toBeUndefined();
  });
});
