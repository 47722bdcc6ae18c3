// The topology of a local cluster: made at the first start, and later compared with what is asked for.
import { join } from "node:path";
import { AppError } from "../base/app-error.ts";
import { createTopology } from "../topology/create-topology.ts";
import { clusterKey, readCluster } from "../topology/documents.ts";
import { leasesDirectory } from "../topology/local-leases.ts";
import { localStore } from "../topology/local-store.ts";
import { readTopology } from "../topology/read-topology.ts";
import type { Topology } from "../topology/snapshot.ts";
import { makeDirectory } from "./data-directory.ts";
import type { FoundPostgres } from "./find-postgres.ts";
import type { ServerUser } from "./server-user.ts";

export interface WantedCluster {
  /** undefined: as the cluster is; for a new one, 2 shards and "trust". */
  readonly shards?: number | undefined;
  readonly authentication?: Topology["authentication"] | undefined;
}

const defaultShards = 2;

/** Makes a cluster if there is none. Throws AppError "mismatch" when the one that is there is not as wanted. */
export async function openTopology(
  dataDir: string,
  wanted: WantedCluster,
  { version, binDirectory }: FoundPostgres,
  user: ServerUser | undefined,
): Promise<Topology> {
  const directory = join(dataDir, "topology");
  await makeDirectory(directory, user, 0o755);
  await makeDirectory(join(directory, leasesDirectory), user, 0o755);
  const store = localStore(directory);
  const cluster = await store.get(clusterKey);
  if (!cluster) {
    const { shards: shardCount = defaultShards, authentication = "trust" } = wanted;
    return await createTopology(store, { shardCount, authentication, postgresVersion: String(version.major) });
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
  return topology;
}
