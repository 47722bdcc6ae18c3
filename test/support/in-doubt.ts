// Prepared transactions that stay when everything has calmed down: there should be none.
import { delay } from "../../src/base/delay.ts";
import type { TestCluster } from "./cluster.ts";
import { ClusterClients } from "./cluster-clients.ts";

export interface Calm {
  /** Prepared transactions that were there until the end, by gid; or why nobody could tell. */
  readonly inDoubt: readonly string[];
  /** How long it took until there was none. */
  readonly ms: number;
}

/** Waits until no shard has a prepared transaction, for at most `msMax`. */
export async function calmDown(cluster: TestCluster, shards: number, msMax: number): Promise<Calm> {
  const began = performance.now();
  for (;;) {
    const inDoubt = await preparedTransactions(cluster, shards).catch((error: unknown) => [String(error)]);
    const ms = performance.now() - began;
    if (inDoubt.length === 0 || ms > msMax) return { inDoubt, ms };
    await delay(50);
  }
}

async function preparedTransactions(cluster: TestCluster, shards: number): Promise<string[]> {
  const clients = new ClusterClients(cluster, shards);
  try {
    return Object.values(await clients.onShards("select gid from pg_prepared_xacts")).flat();
  } finally {
    await clients.end();
  }
}
