// Closes origins and prunes records (transaction/close-origins) in every database of the cluster.
import type { Log } from "../base/log.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import { closeOrigins } from "../transaction/close-origins.ts";
import { tidyClientOrigins } from "../transaction/tidy-client-origins.ts";

/** Every reader looks at every origin, and nobody asks for these any more: each client's transaction has its own. */
const keepClientsSeconds = 60;

export interface HousekeepingOptions {
  readonly topology: () => Topology;
  readonly ask: AdminQuery;
  /** Gives up the connections to a database: one that is in use cannot be dropped. */
  readonly forget: (database: string) => void;
  readonly log: Log;
  readonly silentSeconds: number;
  readonly retireSeconds: number;
  readonly keepSeconds: number;
}

/** Rejects when a database could not be done, after the others have been. */
export async function keepHouse({ topology, ask, forget, log, ...limits }: HousekeepingOptions): Promise<void> {
  const { clusterId, home } = topology();
  const shards = [...topology().shards.keys()];
  const failures: unknown[] = [];
  for (const database of await databases(ask, home)) {
    try {
      if (!(await hasSchema(ask, shards, database))) continue;
      const report = await closeOrigins({ clusterId, database, shards, ask, ...limits });
      await tidyClientOrigins({ clusterId, home, database, shards, ask, ...limits, keepSeconds: keepClientsSeconds });
      if (report.closed > 0 || report.filled > 0) log.info({ database, ...report }, "transactions of gateways closed");
    } catch (error) {
      failures.push(error);
    } finally {
      forget(database);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function databases(ask: AdminQuery, home: ShardName): Promise<string[]> {
  const sql = "select datname from pg_catalog.pg_database where datallowconn and not datistemplate order by 1";
  return (await ask(home, "postgres", sql)).map(([name]) => name ?? "");
}

/** A database that no gateway has used yet has none, or not everywhere. */
async function hasSchema(ask: AdminQuery, shards: readonly ShardName[], database: string): Promise<boolean> {
  const sql = "select to_regclass('shardgres.origins') is not null";
  const answers = await Promise.all(shards.map((shard) => ask(shard, database, sql)));
  return answers.every(([row]) => row?.[0] === "t");
}
