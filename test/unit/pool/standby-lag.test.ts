// The age of a standby, by what its primary had when.
import { expect, test } from "vitest";
import { lagMs, type Mark, withMark } from "../../../src/pool/standby-lag.ts";

const marks = (...all: [number, number][]): readonly Mark[] =>
  all.reduce<readonly Mark[]>((before, [atMs, lsn]) => withMark(before, { atMs, lsn }), []);

test("a standby that has replayed what the primary had at the last question is as old as the question", () => {
  expect(lagMs(marks([1_000, 100], [2_000, 200]), 200, 2_500)).toBe(500);
  expect(lagMs(marks([1_000, 100], [2_000, 200]), 250, 2_500)).toBe(500);
});

test("one that lacks the last of it is as old as the question before", () => {
  expect(lagMs(marks([1_000, 100], [2_000, 200]), 199, 2_500)).toBe(1_500);
});

test("of one that lacks what is known nothing is known", () => {
  expect(lagMs(marks([1_000, 100]), 99, 1_000)).toBeUndefined();
  expect(lagMs([], 99, 1_000)).toBeUndefined();
});

test("on a primary that writes nothing a standby gets no older", () => {
  expect(lagMs(marks([1_000, 100], [2_000, 100], [3_000, 100]), 100, 3_010)).toBe(10);
  expect(marks([1_000, 100], [2_000, 100], [3_000, 100])).toHaveLength(1);
});

test("while the primary does not answer, the standby gets older", () => {
  expect(lagMs(marks([1_000, 100]), 100, 61_000)).toBe(60_000);
});

test("the primary's WAL is shorter after a crash: what it had before counts no more", () => {
  const crashed = marks([1_000, 100], [2_000, 300], [3_000, 200]);
  expect(lagMs(crashed, 200, 3_000)).toBe(0);
  expect(lagMs(crashed, 150, 3_000)).toBe(2_000);
});

test("no more marks are kept than a standby can be worth", () => {
  const many = Array.from({ length: 5_000 }, (_, i): [number, number] => [i, i]);
  expect(marks(...many)).toHaveLength(600);
  expect(lagMs(marks(...many), 4_999, 5_000)).toBe(1);
  expect(lagMs(marks(...many), 4_000, 5_000)).toBeUndefined();
});
