// The topology of a local cluster: made at the first start, and later compared with what is asked for.
import { join } from "node:path";
import { AppError } from "../base/app-error.ts";
import { changeShard } from "../topology/change-shard.ts";
import { createTopology } from "../topology/create-topology.ts";
import { clusterKey, readCluster } from "../topology/documents.ts";
import { leasesDirectory } from "../topology/local-leases.ts";
import { openStore, parseStorePlace } from "../topology/open-store.ts";
import { readTopology } from "../topology/read-topology.ts";
import type { DurabilityPolicy, Shard, ShardName, Topology } from "../topology/snapshot.ts";
import type { TopologyStore } from "../topology/store.ts";
import { makeDirectory } from "./data-directory.ts";
import type { FoundPostgres } from "./find-postgres.ts";
import type { ServerUser } from "./server-user.ts";

export interface WantedCluster {
  /** undefined: as the cluster is; for a new one, 2 shards and "trust". */
  readonly shards?: number | undefined;
  readonly authentication?: Topology["authentication"] | undefined;
  /** Standbys of each shard. undefined: as the cluster is; 0 for a new one. */
  readonly replicas?: number | undefined;
  /** undefined: as the cluster is; for a new one, and when the first standbys are added, "one". */
  readonly durability?: DurabilityPolicy | undefined;
}

export interface OpenedTopology {
  readonly topology: Topology;
  /** Names of the tablets of each shard that are to run, those of the topology and new ones. */
  readonly tablets: ReadonlyMap<ShardName, readonly string[]>;
}

const defaultShards = 2;

/**
 * Makes a cluster if there is none. `place` as processes are told it (topology/open-store.ts). Throws AppError "mismatch"
 * when the one that is there is not as wanted.
 */
export async function openTopology(
  { dataDir, topologyPlace }: { readonly dataDir: string; readonly topologyPlace: string },
  wanted: WantedCluster,
  { version, binDirectory }: FoundPostgres,
  user: ServerUser | undefined,
): Promise<OpenedTopology> {
  const place = parseStorePlace(topologyPlace);
  if (place.kind === "directory") {
    await makeDirectory(place.directory, user, 0o755);
    await makeDirectory(join(place.directory, leasesDirectory), user, 0o755);
  }
  const store = openStore(place);
  const cluster = await store.get(clusterKey);
  if (!cluster) {
    const { shards: shardCount = defaultShards, authentication = "trust", replicas = 0 } = wanted;
    const { durability = replicas > 0 ? "one" : "none" } = wanted;
    const postgresVersion = String(version.major);
    const topology = await createTopology(store, { shardCount, authentication, postgresVersion, durability });
    return { topology, tablets: tabletsOf(topology, replicas) };
  }
  const { postgresVersion, authentication } = readCluster(cluster.value);
  const mismatch = (message: string, hint: string) => {
    throw new AppError("mismatch", `the cluster in ${dataDir} ${message}`, { hint });
  };
  const other = "use another directory (--data-dir DIR), or start anew with --reset, which deletes the data";
  if (postgresVersion !== String(version.major)) {
    const hint = `Use PostgreSQL ${postgresVersion} (--pg-bin DIR), ${other}.`;
    mismatch(`was made by PostgreSQL ${postgresVersion}; ${binDirectory} has ${version.text}`, hint);
  }
  if (wanted.authentication !== undefined && wanted.authentication !== authentication) {
    mismatch(`was made with --auth ${authentication}`, `Leave --auth out, ${other}.`);
  }
  const topology = await readTopology(store);
  if (wanted.shards !== undefined && wanted.shards !== topology.shards.size) {
    const count = topology.shards.size === 1 ? "1 shard" : `${topology.shards.size} shards`;
    const hint = `The number cannot be changed here yet. Leave --shards out, ${other}.`;
    mismatch(`has ${count}, not ${wanted.shards}`, hint);
  }
  const most = Math.max(...[...topology.shards.values()].map(({ tablets }) => tablets.length));
  if (wanted.replicas !== undefined && wanted.replicas < most - 1) {
    const count = most === 2 ? "1 standby" : `${most - 1} standbys`;
    const hint = `The number cannot be lowered here yet. Leave --replicas out, ${other}.`;
    mismatch(`has ${count} for each shard, not ${wanted.replicas}`, hint);
  }
  for (const shard of topology.shards.values()) await changeDurability(store, shard, wanted);
  return { topology, tablets: tabletsOf(topology, wanted.replicas ?? 0) };
}

/** The shards' agents see to it that it becomes so. */
async function changeDurability(store: TopologyStore, { name, tablets }: Shard, wanted: WantedCluster): Promise<void> {
  const isFirstStandby = (wanted.replicas ?? 0) > 0 && tablets.length < 2;
  const durability = wanted.durability ?? (isFirstStandby ? "one" : undefined);
  if (durability === undefined) return;
  await changeShard(store, name, (shard) => (shard.durability === durability ? shard : { ...shard, durability }));
}

function tabletsOf({ shards }: Topology, replicas: number): ReadonlyMap<ShardName, readonly string[]> {
  return new Map(
    [...shards.values()].map(({ name, tablets }) => {
      const wanted = Array.from({ length: 1 + replicas }, (_, i) => `${name}-${i}`);
      return [name, [...new Set([...tablets.map((tablet) => tablet.name), ...wanted])].sort()];
    }),
  );
}
