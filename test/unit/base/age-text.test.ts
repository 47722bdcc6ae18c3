// Time spans as psql would show them.
import { expect, test } from "vitest";
import { ageText } from "../../../src/base/age-text.ts";

test.each([
  [0, "00:00:00"],
  [0.999, "00:00:00"],
  [65.4, "00:01:05"],
  [3_600, "01:00:00"],
  [86_399, "23:59:59"],
  [86_400, "1 day 00:00:00"],
  [2 * 86_400 + 10 * 3_600 + 1, "2 days 10:00:01"],
])("%d seconds are %s", (seconds, text) => {
  expect(ageText(seconds)).toBe(text);
});
