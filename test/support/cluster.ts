// A whole cluster for a test: real PostgreSQL servers with their tablet agents, a gateway and a controller, started by
// the code of `shardgres local` in a temporary directory, on any free port, without fsync.
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalCluster } from "../../src/local/local-cluster.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { Address, DurabilityPolicy, ShardName } from "../../src/topology/snapshot.ts";

export interface TestClusterOptions {
  readonly shards: number;
  /** Standbys of each; none when left out. */
  readonly replicas?: number;
  /** "one" with standbys, when left out. */
  readonly durability?: DurabilityPolicy;
  /** Where the topology is kept, if not in the data directory; `shardAddress` does not know it then. */
  readonly topologyPlace?: string;
  readonly authentication?: "trust" | "scram-sha-256";
  /** Of role postgres, with scram-sha-256; "secret" when left out. */
  readonly postgresPassword?: string;
  /** Main file of another program than the gateway, for tests of the launcher. */
  readonly gatewayMain?: string;
}

export interface TestCluster {
  /** Of the gateway, on 127.0.0.1. Connect as user postgres. */
  readonly port: number;
  /** Of the controller's HTTP, on 127.0.0.1. */
  readonly metricsPort: number;
  readonly dataDir: string;
  /** Of role `shardgres`, on the shards. */
  readonly adminPassword: string;
  /** Where the PostgreSQL of "s1", "s2", ... is; host is the directory of its socket. */
  shardAddress(name: string): Promise<Address>;
  /** Stops everything and deletes the data. */
  stop(): Promise<void>;
}

export async function startCluster(options: TestClusterOptions): Promise<TestCluster> {
  const parent = await mkdtemp(join(tmpdir(), "shardgres-cluster-"));
  // The servers run as another user when the tests run as root.
  await chmod(parent, 0o755);
  const dataDir = join(parent, "data");
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const remove = () => rm(parent, { recursive: true, force: true, maxRetries: 3 });
  const news: string[] = [];
  try {
    const cluster = await startLocalCluster(
      {
        dataDir,
        port: 0,
        postgresPassword: options.postgresPassword ?? "secret",
        fsync: false,
        ...options,
      },
      { report: (event) => news.push(JSON.stringify(event)), stop: stop.signal, hurry: hurry.signal },
    );
    return {
      port: cluster.port,
      metricsPort: cluster.metricsPort,
      dataDir,
      adminPassword: (await readFile(join(dataDir, "admin-password"), "utf8")).trim(),
      async shardAddress(name) {
        const topology = await readTopology(localStore(join(dataDir, "topology")));
        const primary = topology.shards.get(name as ShardName)?.primary;
        if (!primary) throw new Error(`shard ${name} has no primary; ${news.join(" ")}`);
        return primary.address;
      },
      async stop() {
        stop.abort();
        hurry.abort();
        await cluster.stopped;
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
