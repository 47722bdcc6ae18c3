// What a watcher knows: the documents as they came, and the topology that they make. The pure heart of watching: old
// state + event -> new state. Documents that make no sense (yet) leave the topology as it was, with the reason.
import { AppError } from "../base/app-error.ts";
import { unreachable } from "../base/assert.ts";
import { bucketsKey, clusterKey, readBuckets, readCluster, shardPrefix } from "./documents.ts";
import { readShard } from "./shard-document.ts";
import type { Shard, ShardName, Topology } from "./snapshot.ts";
import type { Entry, StoreEvent } from "./store.ts";

export interface TopologyState {
  readonly entries: ReadonlyMap<string, Entry>;
  /** The last one that was whole; the same object as before when the event did not concern it. */
  readonly topology: Topology | undefined;
  /** Why the documents as they are now make no topology; undefined: they do. */
  readonly refused: AppError | undefined;
}

type StoreChange = Exclude<StoreEvent, { readonly kind: "current" | "interrupted" }>;

export const nothingKnown: TopologyState = { entries: new Map(), topology: undefined, refused: undefined };

export function apply(state: TopologyState, event: StoreEvent): TopologyState {
  if (event.kind === "current" || event.kind === "interrupted") return state;
  const entries = applyToEntries(state.entries, event);
  if (event.kind !== "state" && !isTopologyKey(event.kind === "put" ? event.entry.key : event.key)) {
    return { ...state, entries };
  }
  try {
    return { entries, topology: topologyOf(entries), refused: undefined };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { entries, topology: state.topology, refused: error };
  }
}

/** Throws AppError "no-cluster" when there is none yet, "invalid-document" when the documents contradict each other. */
export function topologyOf(entries: ReadonlyMap<string, Entry>): Topology {
  const cluster = entries.get(clusterKey);
  const buckets = entries.get(bucketsKey);
  if (!cluster || !buckets) throw new AppError("no-cluster", "the topology has no cluster yet");
  const { clusterId, authentication, home } = readCluster(cluster.value);
  const topology: Topology = {
    clusterId,
    authentication,
    home,
    shards: shardsOf(entries),
    buckets: readBuckets(buckets.value),
  };
  check(topology);
  return topology;
}

function applyToEntries(entries: ReadonlyMap<string, Entry>, event: StoreChange): ReadonlyMap<string, Entry> {
  switch (event.kind) {
    case "state":
      return new Map(event.entries.map((entry) => [entry.key, entry]));
    case "put":
      return new Map(entries).set(event.entry.key, event.entry);
    case "delete":
      return new Map([...entries].filter(([key]) => key !== event.key));
    default:
      return unreachable(event);
  }
}

function isTopologyKey(key: string): boolean {
  return key === clusterKey || key === bucketsKey || key.startsWith(shardPrefix);
}

/** In order of ordinals. */
function shardsOf(entries: ReadonlyMap<string, Entry>): ReadonlyMap<ShardName, Shard> {
  const shards = [...entries.values()]
    .filter(({ key }) => key.startsWith(shardPrefix))
    .map(({ key, value }) => readShard(key, value))
    .sort((a, b) => a.ordinal - b.ordinal);
  return new Map(shards.map((shard) => [shard.name, shard]));
}

function check({ shards, home, buckets }: Topology): void {
  const contradiction = (problem: string) =>
    new AppError("invalid-document", `the topology contradicts itself: ${problem}`);
  const ordinals = new Set<number>();
  for (const { name, ordinal } of shards.values()) {
    if (ordinals.has(ordinal)) throw contradiction(`shard "${name}" has the ordinal ${ordinal} of another shard`);
    ordinals.add(ordinal);
  }
  if (!shards.has(home)) throw contradiction(`the home shard "${home}" does not exist`);
  for (const [bucket, owner] of buckets.owners.entries()) {
    if (!ordinals.has(owner)) throw contradiction(`bucket ${bucket} belongs to shard ${owner}, which does not exist`);
  }
}
