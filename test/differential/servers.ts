// The two servers of the differential tests: a plain PostgreSQL, and a gateway over three shards. They are started here,
// unless SHARDGRES_DIFFERENTIAL names two that run: "host:port/database host:port/database", PostgreSQL first, both empty.
import { startCluster } from "../support/cluster.ts";
import { startPostgres } from "../support/postgres-server.ts";
import type { ServerPair } from "./session-pair.ts";
import type { ServerAddress } from "./wire-client.ts";

export interface RunningPair extends ServerPair {
  stop(): Promise<void>;
}

export async function startPair(): Promise<RunningPair> {
  const given = process.env.SHARDGRES_DIFFERENTIAL;
  if (given !== undefined) {
    const [postgres, gateway] = given.split(" ").map(parseAddress);
    if (postgres === undefined || gateway === undefined)
      throw new Error("SHARDGRES_DIFFERENTIAL must name two servers");
    return { postgres, gateway, stop: async () => {} };
  }
  const [server, cluster] = await Promise.all([startPostgres(), startCluster({ shards: 3 })]);
  return {
    postgres: { host: server.host, port: server.port, database: "postgres" },
    gateway: { host: "127.0.0.1", port: cluster.port, database: "postgres" },
    async stop() {
      await Promise.all([server.stop(), cluster.stop()]);
    },
  };
}

function parseAddress(text: string): ServerAddress {
  const [, host = "", port, database = ""] = /^(.+):(\d+)\/(.+)$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`not host:port/database: ${text}`);
  return { host, port: Number(port), database };
}
