// A cluster, for commands that look at its topology or talk to its shards.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import { AdminConnections } from "../pool/admin-connections.ts";
import { openStore } from "../topology/open-store.ts";
import { readTopology } from "../topology/read-topology.ts";
import type { Topology } from "../topology/snapshot.ts";
import type { TopologyStore } from "../topology/store.ts";
import { type ClusterPlace, placeText } from "./place-options.ts";

export interface OpenCluster {
  readonly topology: Topology;
  readonly admin: AdminConnections;
}

/**
 * Whoever opens it closes `admin`. `passwordFile`: of the role "shardgres"; a local cluster has its own. Throws AppError
 * "no-cluster", or what is wrong with it.
 */
export async function openCluster(place: ClusterPlace, passwordFile: string | undefined): Promise<OpenCluster> {
  const { topology } = await openTopologyStore(place);
  const file = passwordFile ?? (place.kind === "local" ? join(resolve(place.dataDir), "admin-password") : undefined);
  const password = file === undefined ? undefined : (await readFile(file, "utf8")).trim();
  return { topology, admin: new AdminConnections(() => topology, password, "shardgres transactions") };
}

/** For commands that ask no shard. Throws as `openCluster`. */
export async function openTopologyStore(place: ClusterPlace): Promise<{ store: TopologyStore; topology: Topology }> {
  const store =
    place.kind === "local"
      ? openStore({ kind: "directory", directory: join(resolve(place.dataDir), "topology") })
      : openStore(place.place, place);
  try {
    return { store, topology: await readTopology(store) };
  } catch (cause) {
    const isMissing = ["no-directory", "no-cluster", "ENOENT"].includes(errorCode(cause) ?? "");
    if (!isMissing) throw cause;
    const hint =
      place.kind === "local"
        ? "Name the directory that `shardgres local` was given: --data-dir DIR"
        : "Its name and namespace are those of --cluster NAME and --namespace NAMESPACE.";
    throw new AppError("no-cluster", `there is no cluster in ${placeText(place)}`, { hint, cause });
  }
}
