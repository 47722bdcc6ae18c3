// Positions in the WAL as PostgreSQL writes them.
import { expect, test } from "vitest";
import { lsnText, parseLsn } from "../../../src/base/lsn.ts";

test.each([
  ["0/0", 0],
  ["0/3000060", 0x3000060],
  ["0/FFFFFFFF", 2 ** 32 - 1],
  ["1/0", 2 ** 32],
  ["16/B374D848", 0x16 * 2 ** 32 + 0xb374d848],
  ["1FFFFF/FFFFFFFF", Number.MAX_SAFE_INTEGER],
])("%s is %d, and back", (text, lsn) => {
  expect(parseLsn(text)).toBe(lsn);
  expect(lsnText(lsn)).toBe(text);
});

test("small letters are read, as pg_lsn reads them", () => {
  expect(parseLsn("a/b0c")).toBe(10 * 2 ** 32 + 0xb0c);
});

test.each(["", "0", "0/", "/0", "0/0/0", " 0/0", "0/123456789", "G/0", "0x1/0", "-1/0", "200000/0"])(
  "%j is refused",
  (text) => {
    expect(parseLsn(text)).toBeUndefined();
  },
);
