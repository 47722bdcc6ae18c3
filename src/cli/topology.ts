// `shardgres topology`: shows what the topology says, and follows its changes.
import { describeError } from "../base/describe-error.ts";
import { onStopSignal } from "../base/stop-signal.ts";
import { freshness } from "../topology/freshness.ts";
import type { Topology } from "../topology/snapshot.ts";
import type { TopologyStore } from "../topology/store.ts";
import { watchTopology } from "../topology/watch-topology.ts";
import type { Command } from "./command.ts";
import { openTopologyStore } from "./open-cluster.ts";
import { topologyChanges } from "./topology-changes.ts";
import { parseTopologyOptions, topologyHelp } from "./topology-options.ts";
import { topologyJson, topologyText } from "./topology-report.ts";

export const topology: Command = {
  name: "topology",
  summary: "show the shards and their tablets, and watch them change",
  help: topologyHelp,
  run,
};

async function run(args: readonly string[]): Promise<number> {
  const options = parseTopologyOptions(args);
  const { store, topology } = await openTopologyStore(options.place);
  if (options.kind === "watch") return await watch(store, topology);
  process.stdout.write(options.json ? topologyJson(topology) : topologyText(topology));
  return 0;
}

/** Until a signal comes, or nobody reads any more. */
async function watch(store: TopologyStore, first: Topology): Promise<number> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const restoreSignals = onStopSignal(stop, stop);
  process.stdout.once("error", stop);
  const { shards, buckets, clusterId } = first;
  print(`cluster ${clusterId}: ${shards.size} shards, generation ${buckets.generation}`);
  try {
    await follow(store, first, stopping.signal);
  } finally {
    process.stdout.off("error", stop);
    restoreSignals();
  }
  return 0;
}

async function follow(store: TopologyStore, first: Topology, signal: AbortSignal): Promise<void> {
  const { confirm, ageMs } = freshness();
  let trouble: string | undefined;
  const onTrouble = (reason: unknown) => {
    const { message } = describeError(reason);
    if (message === trouble) return;
    trouble = message;
    print(`the topology cannot be read: ${message}`);
  };
  const onConfirmed = () => {
    const seconds = ((ageMs() ?? 0) / 1_000).toFixed(1);
    if (trouble !== undefined) print(`the topology can be read again, after ${seconds} s`);
    trouble = undefined;
    confirm();
  };
  confirm();
  let before = first;
  for await (const after of watchTopology(store, signal, { onTrouble, onConfirmed })) {
    for (const change of topologyChanges(before, after)) print(change);
    before = after;
  }
}

function print(line: string): void {
  process.stdout.write(`${new Date().toISOString()}  ${line}\n`);
}
