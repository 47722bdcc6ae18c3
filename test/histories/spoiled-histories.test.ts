// Good histories pass the checker, whatever happens in them; and each of them, spoiled in any of the ways that there are,
// does not.
import { describe, expect, test } from "vitest";
import { seededRandom } from "../support/random.ts";
import type { AnomalyKind } from "./checker/anomaly.ts";
import { checkHistory } from "./checker/check-history.ts";
import type { History } from "./checker/history.ts";
import { simulatedHistory } from "./checker/simulated-database.ts";
import { spoils } from "./checker/spoil.ts";

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
const keys = [11, 12, 21, 22, 31, 32];

/** Six keys on three shards, six sessions. */
function goodHistory(kind: History["kind"], seed: number): History {
  const shardOf = (key: number) => Math.floor(key / 10);
  return simulatedHistory({ kind, transactions: 120, sessions: 6, keys, shardOf }, seededRandom(seed));
}

describe.each(["lists", "registers"] as const)("good histories of %s", (kind) => {
  test("have no anomalies but write skew", () => {
    for (const seed of seeds) {
      const found = checkHistory(goodHistory(kind, seed)).filter((anomaly) => anomaly.kind !== "G2-item");
      expect(found, `seed ${seed}`).toEqual([]);
    }
  });

  test("have transactions of every outcome, and some that read what others have written to several shards", () => {
    const { transactions } = goodHistory(kind, 1);
    expect(new Set(transactions.map(({ outcome }) => outcome)).size).toBe(3);
    expect(transactions.filter(({ statements }) => statements.length > 1).length).toBeGreaterThan(50);
  });
});

describe("spoiled histories", () => {
  test.each(Object.entries(spoils))("%s is found", (kind, spoil) => {
    let spoiled = 0;
    for (const seed of seeds) {
      const history = spoil(goodHistory("lists", seed), seededRandom(seed));
      if (history === undefined) continue;
      spoiled++;
      const found = checkHistory(history).map((anomaly) => anomaly.kind);
      expect(found, `seed ${seed}`).toContain(kind as AnomalyKind);
    }
    expect(spoiled).toBeGreaterThan(seeds.length / 2);
  });
});
