// The cluster of `shardgres local` that is kept in a directory, for commands that look at it or talk to its
// shards.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import { AdminConnections } from "../pool/admin-connections.ts";
import { localStore } from "../topology/local-store.ts";
import { readTopology } from "../topology/read-topology.ts";
import type { Topology } from "../topology/snapshot.ts";
import type { TopologyStore } from "../topology/store.ts";

export interface OpenCluster {
  readonly topology: Topology;
  readonly admin: AdminConnections;
}

/** Whoever opens it closes `admin`. Throws AppError "no-cluster", or what is wrong with it. */
export async function openCluster(dataDir: string): Promise<OpenCluster> {
  const directory = resolve(dataDir);
  return await orNoCluster(directory, async () => {
    const topology = await readTopology(localStore(join(directory, "topology")));
    const password = (await readFile(join(directory, "admin-password"), "utf8")).trim();
    return { topology, admin: new AdminConnections(() => topology, password, "shardgres transactions") };
  });
}

/** For commands that ask no shard. Throws as `openCluster`. */
export async function openTopologyStore(dataDir: string): Promise<{ store: TopologyStore; topology: Topology }> {
  const directory = resolve(dataDir);
  const store = localStore(join(directory, "topology"));
  return { store, topology: await orNoCluster(directory, () => readTopology(store)) };
}

async function orNoCluster<T>(directory: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    const isMissing = ["no-directory", "no-cluster", "ENOENT"].includes(errorCode(cause) ?? "");
    if (!isMissing) throw cause;
    throw new AppError("no-cluster", `there is no cluster in ${directory}`, {
      hint: "Name the directory that `shardgres local` was given: --data-dir DIR",
      cause,
    });
  }
}
