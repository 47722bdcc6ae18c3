// Values of time limits as PostgreSQL reads and shows them; each was tried on PostgreSQL 18.
import { describe, expect, test } from "vitest";
import { durationText, milliseconds, noLimits, timeLimits } from "../../../gateway/time-limits.ts";

const name = "idle_session_timeout";

test.each([
  ["1500ms", 1500, "1500ms"],
  ["0x10", 16, "16ms"],
  ["010", 8, "8ms"],
  ["1.5min", 90_000, "90s"],
  ["2 h", 7_200_000, "2h"],
  ["48h", 172_800_000, "2d"],
  ["1.6", 2, "2ms"],
  ["500us", 0, "0"],
  ["1500us", 2, "2ms"],
  ["2500us", 2, "2ms"],
  ["1e3", 1000, "1s"],
  [" 7 ms ", 7, "7ms"],
  ["2147483647", 2147483647, "2147483647ms"],
])("%j is %i ms and shown as %s", (text, ms, shown) => {
  expect(milliseconds(name, text)).toBe(ms);
  expect(durationText(ms)).toBe(shown);
});

const units = 'Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".';
const range = "Value exceeds integer range.";

test.each([
  ["abc", undefined],
  ["", undefined],
  ["1x", units],
  ["1 MS", units],
  ["1 ms x", units],
  ["100d", range],
  ["2147483648", range],
  ["9999999999999h", range],
])("%j is no value", (text, hint) => {
  expect(() => milliseconds(name, text)).toThrow(`invalid value for parameter "${name}": "${text}"`);
  try {
    milliseconds(name, text);
  } catch (error) {
    expect(error).toMatchObject({ fields: { code: "22023", hint } });
  }
});

test("a negative value is out of range", () => {
  expect(() => milliseconds(name, "-1")).toThrow(
    `-1 ms is outside the valid range for parameter "${name}" (0 ms .. 2147483647 ms)`,
  );
});

describe("the limits of a session", () => {
  const limitsOf = (settings: Record<string, string>) =>
    timeLimits((setting) => settings[setting], { ...noLimits, transaction: 5, idleSession: 7 });

  test("are what it has set, and else the defaults", () => {
    expect(limitsOf({ statement_timeout: "'1s'", transaction_timeout: "0" })).toEqual({
      statement: 1000,
      idleInTransaction: 0,
      transaction: 0,
      idleSession: 7,
    });
  });

  test("do without a value that only PostgreSQL can read", () => {
    expect(limitsOf({ statement_timeout: "'0x1p3'" }).statement).toBe(0);
  });
});
