// The order of a list's versions: every list that was read is the beginning of the longest one.
import type { Anomaly } from "./anomaly.ts";
import type { ReadBy } from "./evidence.ts";
import { type History, type Key, unwritten, type Value } from "./history.ts";
import { VersionOrder } from "./version-order.ts";

export function orderLists(
  history: History,
  reads: readonly ReadBy[],
): { readonly order: VersionOrder; readonly anomalies: readonly Anomaly[] } {
  const anomalies: Anomaly[] = [];
  const looked = new Set(history.finally.map(({ key }) => key));
  const chains = new Map<Key, readonly Value[]>();
  for (const [key, readsOfKey] of Map.groupBy(reads, (read) => read.key)) {
    const longest = readsOfKey.reduce((best, read) => (read.seen.length > best.seen.length ? read : best));
    const sound = [...new Set(longest.seen)];
    if (sound.length < longest.seen.length) {
      const text = `${key} is read as [${longest.seen}]`;
      anomalies.push({ kind: "duplicate", transactions: readersOf(longest), text });
    }
    chains.set(key, [unwritten, ...sound]);
    for (const read of readsOfKey) {
      if (read.seen.every((value, i) => value === longest.seen[i])) continue;
      const text = `${key} is read as [${read.seen}] and as [${longest.seen}]`;
      anomalies.push({ kind: "incompatible order", transactions: readersOf(read, longest), text });
    }
  }
  const keys = [...chains].map(([key, chain]) => [key, { chains: [chain], isComplete: looked.has(key) }] as const);
  return { order: new VersionOrder(new Map(keys)), anomalies };
}

function readersOf(...reads: readonly ReadBy[]): number[] {
  return reads.flatMap(({ reader }) => reader ?? []);
}
