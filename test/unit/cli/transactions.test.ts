// `shardgres transactions`: its options, and what it prints.
import { expect, test } from "vitest";
import { parseTransactionsOptions } from "../../../src/cli/transactions-options.ts";
import { listJson, listText, resolutionText } from "../../../src/cli/transactions-report.ts";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import type { ListedTransaction } from "../../../src/transaction/list-transactions.ts";

const gid = "sg_6b4a0c52-5a0f-4c2f-9a38-1a1b1c1d1e1f_g1_mbx3k2f1_12_s1";

const ours: ListedTransaction = {
  gid,
  database: "app",
  shards: ["s2", "s3"] as ShardName[],
  keeper: "s1" as ShardName,
  state: "in doubt",
  ageSeconds: 12.7,
  owner: "alice",
};

test.each([
  [["list"], { kind: "list", place: { kind: "local", dataDir: ".shardgres" }, passwordFile: undefined, json: false }],
  [
    ["list", "--json", "--data-dir", "d"],
    { kind: "list", place: { kind: "local", dataDir: "d" }, passwordFile: undefined, json: true },
  ],
  [
    ["resolve", gid],
    { kind: "resolve", place: { kind: "local", dataDir: ".shardgres" }, passwordFile: undefined, gid },
  ],
  [
    ["resolve", "--data-dir=d", "--all"],
    { kind: "resolve", place: { kind: "local", dataDir: "d" }, passwordFile: undefined, gid: undefined },
  ],
])("%j is understood", (args, options) => {
  expect(parseTransactionsOptions(args)).toEqual(options);
});

test.each([
  [[], "list or resolve?"],
  [["prune"], 'there is no "transactions prune"'],
  [["list", gid], `unexpected argument '${gid}'`],
  [["list", "--all"], "unknown option '--all'"],
  [["list", "--data-dir", ""], "--data-dir must not be empty"],
  [["resolve"], "resolve needs the id of a transaction, or --all"],
  [["resolve", gid, "--all"], "resolve needs the id of a transaction, or --all"],
  [["resolve", gid, "other"], "unexpected argument 'other'"],
  [["resolve", gid, "--commit"], "unknown option '--commit'"],
  [["resolve", gid, "--rollback"], "unknown option '--rollback'"],
])("%j is refused", (args, message) => {
  expect(() => parseTransactionsOptions(args)).toThrow(message);
});

test("a list has the id of each transaction, and what is known of it", () => {
  const client = {
    ...ours,
    gid: "order 12",
    shards: ["s1" as ShardName],
    keeper: undefined,
    state: "prepared" as const,
  };
  expect(listText([ours, { ...client, ageSeconds: 90_000 }], true)).toBe(`${gid}
  in doubt, 00:00:12, prepared on s2, s3, keeper s1
  database app, owner alice

order 12
  by a client, 1 day 01:00:00, prepared on s1
  database app, owner alice
`);
  expect(listText([], true)).toBe("no transaction is prepared on any shard\n");
  expect(listText([], false)).toBe("");
});

test("as JSON a list has all of it", () => {
  expect(JSON.parse(listJson([ours]))).toEqual([ours]);
  expect(listJson([])).toBe("[]\n");
});

test("what has become of a transaction is said in one word, or why it is as it was", () => {
  const part = { shard: "s2" as ShardName, database: "app", gid, owner: "alice", ageSeconds: 3 };
  expect(resolutionText({ ...part, outcome: "committed" }, "")).toBe(`${gid}\n  on s2: committed\n`);
  expect(resolutionText({ ...part, outcome: "aborted" }, "")).toBe(`${gid}\n  on s2: rolled back\n`);
  expect(resolutionText({ ...part, outcome: undefined, reason: new Error() }, "s1 is down")).toBe(
    `${gid}\n  on s2: stays in doubt: s1 is down\n`,
  );
});
