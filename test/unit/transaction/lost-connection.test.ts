// What is said of a lost connection: never that something may be tried again which may have been committed.
import { expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import { ConnectionLost } from "../../../src/pgclient/connection-lost.ts";
import { ShardError } from "../../../src/pgwire/error-fields.ts";
import { explainLoss, type Stake } from "../../../src/transaction/lost-connection.ts";

const lost = (cause?: unknown, retry: "never" | "safe" = "never") =>
  new ConnectionLost(cause, retry, { shard: "s1", run: "1" });
const farewell = (severity: string, code: string) =>
  new ShardError(
    new Map([
      ["S", severity],
      ["C", code],
      ["M", "x"],
    ]),
  );

test.each<[Stake, "never" | "safe", string, RegExp]>([
  ["read", "never", "08006", /statement may be tried again/],
  ["read", "safe", "08006", /statement may be tried again/],
  ["transaction", "never", "08006", /rolled back. It may be tried again/],
  ["transaction", "safe", "08006", /rolled back. It may be tried again/],
  ["outcome", "never", "08007", /before you try again/],
  ["outcome", "safe", "08006", /statement may be tried again/],
])("at stake: %s, sent: %s", (stake, retry, code, hint) => {
  const error = explainLoss(lost(new Error("ECONNRESET"), retry), stake);
  expect(error).toMatchObject({ fields: { code, hint: expect.stringMatching(hint) } });
});

test.each(["57P01", "25P03", "25P04"])("FATAL %s comes before the commit", (code) => {
  const error = lost(farewell("FATAL", code));
  expect(explainLoss(error, "outcome")).toBe(error);
});

test.each([
  ["PANIC", "57P01"],
  ["PANIC", "XX000"],
  ["FATAL", "XX000"],
])("%s %s may come behind it", (severity, code) => {
  expect(explainLoss(lost(farewell(severity, code)), "outcome")).toMatchObject({ fields: { code: "08007" } });
});

test("other errors stay what they are", () => {
  const unreachable = new AppError("shard-unreachable", "x");
  for (const error of [unreachable, farewell("ERROR", "23505"), new Error("x")]) {
    expect(explainLoss(error, "outcome")).toBe(error);
  }
});
