// The cluster's settings: parameters of PostgreSQL that all its tablets have, as texts by name, in the document `cluster`.
// What can be told without a PostgreSQL is checked before it is written; the tablets' agents ask PostgreSQL itself.
import { createHash } from "node:crypto";
import { AppError } from "../base/app-error.ts";
import { clusterKey, readCluster, writeCluster } from "./documents.ts";
import { reservedBecause } from "./reserved-settings.ts";
import { isConflict, type TopologyStore } from "./store.ts";

/** Values as they would stand in postgresql.conf, without quotes; names in small letters. */
export type ClusterSettings = Readonly<Record<string, string>>;

const namePattern = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)?$/i;
const settingsMax = 500;
const valueLengthMax = 10_000;

/** Throws AppError "invalid-setting" or "reserved-setting". */
export function checkSettingName(name: string): void {
  if (!namePattern.test(name) || name.length > 128) {
    throw new AppError("invalid-setting", `${JSON.stringify(name)} cannot be the name of a setting`);
  }
  const reason = reservedBecause(name);
  if (reason === undefined) return;
  throw new AppError("reserved-setting", `the setting ${name} cannot be chosen: ${reason}`);
}

/** Throws AppError as `checkSettingName`, and "invalid-setting" for what no configuration file can hold. */
export function checkClusterSettings(settings: ClusterSettings): void {
  const entries = Object.entries(settings);
  if (entries.length > settingsMax)
    throw new AppError("invalid-setting", `there are more than ${settingsMax} settings`);
  for (const [name, value] of entries) {
    checkSettingName(name);
    if (/[\0\n\r]/.test(value) || value.length > valueLengthMax) {
      throw new AppError("invalid-setting", `the value of ${name} is too long, or has more than one line`);
    }
  }
}

/** The same for the same settings, whatever their order; another one for others. */
export function settingsDigest(settings: ClusterSettings): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 16);
}

/** Throws AppError "no-cluster", or as `checkClusterSettings`, and then nothing is written. */
export async function changeSettings(
  store: TopologyStore,
  change: (before: ClusterSettings) => ClusterSettings,
): Promise<{ readonly before: ClusterSettings; readonly after: ClusterSettings }> {
  for (;;) {
    const entry = await store.get(clusterKey);
    if (!entry) throw new AppError("no-cluster", "the topology has no cluster yet");
    const cluster = readCluster(entry.value);
    const { settings: before } = cluster;
    const after = change(before);
    if (settingsDigest(before) === settingsDigest(after)) return { before, after };
    checkClusterSettings(after);
    try {
      await store.put(clusterKey, writeCluster({ ...cluster, settings: after }), entry.version);
      return { before, after };
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
