// Histories of real clients on three shards, checked for every anomaly that docs/transactions.md promises not to be there:
// on quiet days, and while everything is killed and stopped.
//
//   SHARDGRES_LONG=1        five minutes instead of half of one
//   SHARDGRES_SECONDS=60    or as long as you like
//   SHARDGRES_SEED=123      what an earlier run has printed
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { disturbances } from "../support/disturbances.ts";
import type { Anomaly } from "./checker/anomaly.ts";
import { checkHistory } from "./checker/check-history.ts";
import { violations } from "./checker/claims.ts";
import type { History, Level } from "./checker/history.ts";
import { lists, registers } from "./data.ts";
import { createData, type Round, recordHistory, shardCount } from "./record-history.ts";

const { SHARDGRES_LONG, SHARDGRES_SECONDS, SHARDGRES_SEED } = process.env;
const allMs = 1_000 * Number(SHARDGRES_SECONDS ?? (SHARDGRES_LONG ? 300 : 28));
const seed = Number(SHARDGRES_SEED ?? Date.now() % 1_000_000);
/** Longer histories are no better, only slower to check. */
const roundMsMax = 5_000;

let cluster: TestCluster;

beforeAll(async () => {
  console.log(`SHARDGRES_SEED=${seed}`);
  cluster = await startCluster({ shards: shardCount });
  for (const data of [lists, registers]) await createData(cluster, data);
});
afterAll(() => cluster?.stop());

type Kind = Omit<Round, "ms" | "seed">;

const several: Omit<Kind, "data"> = {
  levels: ["read committed", "repeatable read"],
  shards: "several",
  disturbances: [],
  opening: [],
};
const one = { ...several, shards: "one" } as const;

const kinds: readonly (readonly [name: string, share: number, kind: Kind])[] = [
  ["lists", 0.2, { ...several, data: lists }],
  ["registers", 0.1, { ...several, data: registers }],
  ["lists on one shard", 0.08, { ...one, data: lists }],
  ["lists on one shard, SERIALIZABLE", 0.07, { ...one, data: lists, levels: ["serializable"] }],
  ["lists, disturbed", 0.3, { ...several, data: lists, disturbances }],
  ["registers, disturbed", 0.25, { ...several, data: registers, disturbances }],
];

describe("what is promised is kept", () => {
  test.each(kinds)(
    "%s",
    async (name, share, kind) => {
      const end = performance.now() + share * allMs;
      for (let round = 0; performance.now() < end; round++) {
        const ms = Math.min(roundMsMax, Math.max(end - performance.now(), 1_000));
        const history = await recordHistory(cluster, { ...kind, ms, seed: seed + 1_000 * round });
        const anomalies = checkHistory(history);
        report(`${name}, seed ${seed}, round ${round}`, history, anomalies);
        const level: Level = kind.levels.at(-1)!;
        expect(violations(anomalies, level, kind.shards).map(textOf)).toEqual([]);
        expect(history.transactions.filter(({ outcome }) => outcome === "committed").length).toBeGreaterThan(10);
      }
    },
    allMs + 120_000,
  );
});

test("without atomic reads, halves of commits are seen", async () => {
  const kind: Kind = { ...several, data: lists, opening: ["set shardgres.atomic_reads = off"] };
  const found: Anomaly[] = [];
  for (let round = 0; found.length === 0; round++) {
    const history = await recordHistory(cluster, { ...kind, ms: 1_500, seed: seed + 1_000 * round });
    found.push(...violations(checkHistory(history), "repeatable read", "several"));
  }
  // Nothing else goes wrong: commits are atomic without them.
  expect(new Set(found.map((anomaly) => anomaly.kind))).toEqual(new Set(["fractured read"]));
});

function textOf({ kind, text }: Anomaly): string {
  return `${kind}: ${text}`;
}

function report(name: string, { transactions }: History, anomalies: readonly Anomaly[]): void {
  const outcomes = [...Map.groupBy(transactions, ({ outcome }) => outcome)];
  const counts = outcomes.map(([outcome, { length }]) => `${length} ${outcome}`);
  const found = [...Map.groupBy(anomalies, ({ kind }) => kind)].map(([kind, { length }]) => `${kind}: ${length}`);
  console.log(`${name}: ${counts.join(", ")}; ${found.join(", ") || "no anomalies"}`);
}
