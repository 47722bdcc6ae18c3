// Atomicity and durability: what is committed is there, what is aborted is seen by nobody, and what is unknown is there
// wholly or not at all.
import type { Anomaly } from "./anomaly.ts";
import type { Evidence } from "./evidence.ts";
import { type Write, writesOf } from "./history.ts";

export function checkOutcomes({ history, order, reads, writers }: Evidence): Anomaly[] {
  const anomalies: Anomaly[] = [];
  for (const transaction of history.transactions) {
    if (transaction.outcome === "aborted") continue;
    const { id, outcome } = transaction;
    const known = writesOf(transaction).filter(({ key }) => order.keys.get(key)?.isComplete === true);
    const lost = known.filter(({ value }) => !order.has(value));
    if (outcome === "committed" && lost.length > 0)
      anomalies.push({ kind: "lost write", transactions: [id], text: `T${id} has committed: no ${textOf(lost)}` });
    if (outcome === "unknown" && lost.length > 0 && lost.length < known.length)
      anomalies.push({ kind: "half commit", transactions: [id], text: `T${id} is there in part: no ${textOf(lost)}` });
  }
  for (const { key, seen, version, reader } of reads) {
    for (const value of seen) {
      const writer = writers.get(value);
      if (writer?.transaction.outcome !== "aborted") continue;
      const { id } = writer.transaction;
      anomalies.push({
        kind: "G1a",
        transactions: reader === undefined ? [id] : [id, reader],
        text: `${nameOf(reader)} reads ${key} with ${value} of T${id}, which is aborted`,
      });
    }
    const writer = writers.get(version);
    if (writer !== undefined && !writer.isLast) {
      const { id } = writer.transaction;
      anomalies.push({
        kind: "G1b",
        transactions: reader === undefined ? [id] : [id, reader],
        text: `${nameOf(reader)} reads ${key} up to ${version}, which is not the last value of T${id}`,
      });
    }
  }
  return anomalies;
}

function textOf(writes: readonly Write[]): string {
  return writes.map(({ key, value }) => `${value} in ${key}`).join(", ");
}

function nameOf(reader: number | undefined): string {
  return reader === undefined ? "whoever looks at the end" : `T${reader}`;
}
