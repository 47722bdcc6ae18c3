// What docs/transactions.md promises, as a table: which anomalies may remain. Everything else is a violation.
import type { Anomaly, AnomalyKind } from "./anomaly.ts";
import type { Level } from "./history.ts";

// READ COMMITTED has no entries for cycles with rw: the checker draws those edges only from transactions above it.
const remaining: Readonly<Record<Level, Readonly<Record<"one" | "several", readonly AnomalyKind[]>>>> = {
  "read committed": { one: [], several: [] },
  // Write skew is PostgreSQL's own. Over several shards a snapshot agrees about every distributed commit, but two commits
  // without a common shard may be seen in either order.
  "repeatable read": { one: ["G2-item"], several: ["G2-item", "G-single", "long fork"] },
  serializable: { one: [], several: ["G2-item", "G-single", "long fork"] },
};

/** The anomalies of a history that must not be there, its transactions being of `level` or below. */
export function violations(anomalies: readonly Anomaly[], level: Level, shards: "one" | "several"): Anomaly[] {
  return anomalies.filter(({ kind }) => !remaining[level][shards].includes(kind));
}
