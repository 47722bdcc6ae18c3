// Elle's method, for PostgreSQL over several shards: from what clients have read and written follows an order of
// versions; from that, which transaction must come before which; and where that is a circle, no order explains it.
// Every anomaly is named, whether any level promises its absence (claims.ts) or not.
import type { Anomaly } from "./anomaly.ts";
import { checkOutcomes } from "./check-outcomes.ts";
import { checkSnapshots } from "./check-snapshots.ts";
import { dependencies } from "./dependencies.ts";
import { gatherEvidence } from "./evidence.ts";
import { findCycles } from "./find-cycles.ts";
import type { History } from "./history.ts";
import { lostUpdates } from "./lost-updates.ts";

export function checkHistory(history: History): Anomaly[] {
  const { evidence, anomalies } = gatherEvidence(history);
  return [
    ...anomalies,
    ...checkOutcomes(evidence),
    ...checkSnapshots(evidence),
    ...lostUpdates(evidence),
    ...findCycles(dependencies(evidence)),
  ];
}
