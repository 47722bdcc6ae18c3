// `shardgres settings`: shows and changes the settings of PostgreSQL that the whole cluster has.

import { type ClusterSettings, changeSettings, checkSettingName } from "../topology/cluster-settings.ts";
import { clusterKey, readCluster } from "../topology/documents.ts";
import type { TopologyStore } from "../topology/store.ts";
import type { Command } from "./command.ts";
import { openTopologyStore } from "./open-cluster.ts";
import { parseSettingsOptions, settingsHelp } from "./settings-options.ts";

export const settings: Command = {
  name: "settings",
  summary: "show and change PostgreSQL's settings for all shards",
  help: settingsHelp,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  const options = parseSettingsOptions(args);
  const { store } = await openTopologyStore(options.place);
  switch (options.kind) {
    case "show": {
      const chosen = await chosenIn(store);
      process.stdout.write(options.json ? `${JSON.stringify(chosen, undefined, 2)}\n` : settingsText(chosen));
      return 0;
    }
    case "set": {
      const { values } = options;
      return printChanges(await changeSettings(store, (before) => ({ ...before, ...values })));
    }
    case "reset": {
      const { names } = options;
      for (const name of names) checkSettingName(name);
      const isKept = ([name]: readonly [string, string]) => !names.includes(name);
      return printChanges(
        await changeSettings(store, (before) => Object.fromEntries(Object.entries(before).filter(isKept))),
      );
    }
  }
}

async function chosenIn(store: TopologyStore): Promise<ClusterSettings> {
  const entry = await store.get(clusterKey);
  return entry ? readCluster(entry.value).settings : {};
}

export function settingsText(chosen: ClusterSettings): string {
  const entries = Object.entries(chosen).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return "no settings have been chosen\n";
  return entries.map(([name, value]) => `${name} = ${value}\n`).join("");
}

function printChanges({
  before,
  after,
}: {
  readonly before: ClusterSettings;
  readonly after: ClusterSettings;
}): number {
  process.stdout.write(changesText(before, after));
  return 0;
}

/** What has become of what, a line for each setting. */
export function changesText(before: ClusterSettings, after: ClusterSettings): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const lines = names.flatMap((name) => {
    if (before[name] === after[name]) return [];
    const was = before[name] === undefined ? "not set before" : `was ${before[name]}`;
    return [
      after[name] === undefined ? `${name} is not set any more (${was})\n` : `${name} = ${after[name]} (${was})\n`,
    ];
  });
  return lines.length === 0 ? "nothing has changed\n" : lines.join("");
}
