// The topology as it is at this moment.
import type { Topology } from "./snapshot.ts";
import type { TopologyStore } from "./store.ts";
import { topologyOf } from "./topology-state.ts";

/** Throws AppError "no-cluster" or "invalid-document". */
export async function readTopology(store: TopologyStore): Promise<Topology> {
  const entries = await store.list("");
  return topologyOf(new Map(entries.map((entry) => [entry.key, entry])));
}
