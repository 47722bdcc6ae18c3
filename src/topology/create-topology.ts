// The first topology of a new cluster.
import { randomUUID } from "node:crypto";
import { AppError } from "../base/app-error.ts";
import { placeBuckets } from "../sharding/place-buckets.ts";
import { bucketsKey, clusterKey, shardKeyInStore, shardName, writeBuckets, writeCluster } from "./documents.ts";
import { readTopology } from "./read-topology.ts";
import { writeShard } from "./shard-document.ts";
import { type DurabilityPolicy, noCohort, type Topology } from "./snapshot.ts";
import type { TopologyStore } from "./store.ts";

export interface NewCluster {
  readonly shardCount: number;
  readonly authentication: Topology["authentication"];
  /** Major version: "18". */
  readonly postgresVersion: string;
  /** "none" when left out. */
  readonly durability?: DurabilityPolicy;
}

const newShard = {
  primary: undefined,
  term: 0,
  tablets: [],
  cohort: noCohort,
  nextCohort: undefined,
} as const;

/**
 * Shards are called s1, s2, ...; the first is the home shard. The document `cluster` is written last: while it is not
 * there, a creation that was cut short is simply begun again. Throws AppError "cluster-exists".
 */
export async function createTopology(store: TopologyStore, options: NewCluster): Promise<Topology> {
  if (await store.get(clusterKey)) throw new AppError("cluster-exists", "the topology describes a cluster already");
  for (const { key, version } of await store.list("")) await store.delete(key, version);
  const { durability = "none" } = options;
  const shards = Array.from({ length: options.shardCount }, (_, i) => ({ name: shardName(`s${i + 1}`), ordinal: i }));
  for (const { name, ordinal } of shards) {
    await store.put(shardKeyInStore(name), writeShard({ ...newShard, name, ordinal, durability }), "absent");
  }
  const buckets = { generation: 1, owners: placeBuckets(shards) };
  await store.put(bucketsKey, writeBuckets(buckets), "absent");
  const { authentication, postgresVersion } = options;
  const cluster = { clusterId: randomUUID(), authentication, home: shards[0]!.name, postgresVersion, settings: {} };
  await store.put(clusterKey, writeCluster(cluster), "absent");
  return await readTopology(store);
}
