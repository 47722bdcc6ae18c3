// Lost updates: two transactions that have read the same version of a key, and both written to it. REPEATABLE READ lets
// the first one through and gives the other 40001.
import type { Anomaly } from "./anomaly.ts";
import type { Evidence } from "./evidence.ts";
import { type Transaction, writesOf } from "./history.ts";

export function lostUpdates({ happened, statements }: Evidence): Anomaly[] {
  const updaters = new Map<string, Transaction[]>();
  for (const transaction of happened) {
    if (transaction.level === "read committed") continue;
    const written = new Set(writesOf(transaction).map(({ key }) => key));
    const first = new Map(
      statements
        .get(transaction)!
        .flatMap(({ reads }) => reads)
        .reverse()
        .map(({ key, version }) => [key, version]),
    );
    for (const [key, version] of first) {
      if (!written.has(key)) continue;
      const read = `${key} at ${version}`;
      updaters.set(read, [...(updaters.get(read) ?? []), transaction]);
    }
  }
  return [...updaters]
    .filter(([, group]) => group.length > 1)
    .map(([read, group]) => {
      const ids = group.map(({ id }) => id);
      const text = `T${ids.join(" and T")} have read ${read}, and written to it`;
      return { kind: "lost update", transactions: ids, text };
    });
}
