// What is said of a lost connection: never that something may be tried again which may have been committed.
import { expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import { ConnectionLost } from "../../../src/pgclient/connection-lost.ts";
import { ShardError } from "../../../src/pgwire/error-fields.ts";
import { asSent, explainLoss, fateOf, type Stake } from "../../../src/transaction/lost-connection.ts";

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

test.each<[string, unknown, Stake, string | undefined]>([
  ["nothing was sent", lost(undefined, "safe"), "outcome", "not-sent"],
  ["the server says that it ends the connection", lost(farewell("FATAL", "57P01")), "outcome", "ended"],
  ["it closes without a word", lost(), "outcome", "unknown"],
  ["nothing was sent there, but elsewhere", asSent(lost(undefined, "safe")), "outcome", "unknown"],
  ["it closes without a word during a read", lost(new Error("ECONNRESET")), "read", "unknown"],
  ["the transaction had not come to its commit", lost(), "transaction", "undone"],
  ["a time limit of the session", lost(farewell("FATAL", "25P03")), "transaction", undefined],
  ["the database is dropped", lost(farewell("FATAL", "57P04")), "read", undefined],
  ["it panics", lost(farewell("PANIC", "XX000")), "outcome", "unknown"],
  ["an error of the statement", farewell("ERROR", "57014"), "read", undefined],
])("what has become of it when %s", (_, error, stake, kind) => {
  expect(fateOf(explainLoss(error, stake))?.kind).toBe(kind);
});
