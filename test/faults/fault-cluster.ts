// A cluster whose gateway reaches the shards through fault proxies: real shards with their agents, and a gateway of its own
// that a test may kill, stop and start again, with a topology of its own that names the proxies.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { gatewayMain } from "../../src/local/gateway-program.ts";
import { type Program, startProgram } from "../../src/local/program.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import type { Topology } from "../../src/topology/snapshot.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { processesIn } from "../support/launch.ts";
import { namePrimary } from "../support/name-primary.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { type ShardLogin, ShardSessions } from "./shard-sessions.ts";

const resolverMain = fileURLToPath(new URL("resolver-program.ts", import.meta.url));

interface RunningGateway {
  readonly program: Program;
  readonly port: number;
}

export class FaultCluster {
  readonly cluster: TestCluster;
  readonly topology: Topology;
  readonly shards: readonly string[];
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  /** What the gateway believes: the proxies are the shards. */
  readonly proxiedTopology: Topology;
  /** The truth. */
  readonly sessions: ShardSessions;
  #gateway: RunningGateway | undefined;
  #resolver: Program | undefined;

  static async start(shards: number): Promise<FaultCluster> {
    const cluster = await startCluster({ shards });
    try {
      const topology = await readTopology(localStore(join(cluster.dataDir, "topology")));
      const proxies = new Map<string, FaultProxy>();
      const logins = new Map<string, ShardLogin>();
      for (const [name, { primary }] of topology.shards) {
        const { address } = primary!;
        proxies.set(name, await FaultProxy.start(address));
        logins.set(name, { address, password: cluster.adminPassword });
      }
      const proxied = await writeProxiedTopology(cluster.dataDir, topology, proxies);
      const started = new FaultCluster(cluster, topology, proxied, proxies, new ShardSessions(logins));
      started.#signalControllers("SIGSTOP");
      await started.startGateway();
      return started;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(
    cluster: TestCluster,
    topology: Topology,
    proxiedTopology: Topology,
    proxies: ReadonlyMap<string, FaultProxy>,
    sessions: ShardSessions,
  ) {
    this.cluster = cluster;
    this.topology = topology;
    this.proxiedTopology = proxiedTopology;
    this.shards = [...topology.shards.keys()];
    this.proxies = proxies;
    this.sessions = sessions;
  }

  /** A session at the gateway that the faults are meant for. */
  async connect(): Promise<pg.Client> {
    const { port } = this.#running();
    const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async startGateway(): Promise<void> {
    const ready = Promise.withResolvers<number>();
    const { dataDir } = this.cluster;
    const program = await startProgram({
      main: gatewayMain,
      args: [
        ...["--topology", proxiedTopologyDirectory(dataDir), "--port", "0", "--name", "faults"],
        ...["--admin-password-file", join(dataDir, "admin-password")],
      ],
      user: undefined,
      logFile: join(dataDir, "logs", "gateway-faults.log"),
      onLine: (line) => ready.resolve((JSON.parse(line) as { port: number }).port),
    });
    void program.exited.then((how) => {
      if (this.#gateway?.program === program) this.#gateway = undefined;
      ready.reject(new Error(`the gateway has ended (${how})`));
    });
    this.#gateway = { program, port: await ready.promise };
  }

  get gatewayRuns(): boolean {
    return this.#gateway !== undefined;
  }

  signalGateway(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#running().program.kill(signal);
  }

  /** Resolves when it is gone. */
  async killGateway(): Promise<void> {
    const { program } = this.#running();
    program.kill("SIGKILL");
    await program.exited;
    this.#gateway = undefined;
  }

  /** Sees the shards as the gateway does. Resolves when it is at work, or about to be. */
  async startResolver(): Promise<void> {
    const { dataDir } = this.cluster;
    this.#resolver = await startProgram({
      main: resolverMain,
      args: [proxiedTopologyDirectory(dataDir), join(dataDir, "admin-password")],
      user: undefined,
      logFile: join(dataDir, "logs", "resolver-faults.log"),
      onLine: () => {},
    });
  }

  /** Resolves when it is gone. */
  async killResolver(): Promise<void> {
    const resolver = this.#resolver;
    this.#resolver = undefined;
    resolver?.kill("SIGKILL");
    await resolver?.exited;
  }

  /** Where the PostgreSQL of a shard is. */
  dataDirectory(shard: string): string {
    return join(this.cluster.dataDir, "tablets", `${shard}-0`, "pgdata");
  }

  async stop(): Promise<void> {
    if (this.#gateway) await this.killGateway();
    await this.killResolver();
    await this.sessions.end();
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
    this.#signalControllers("SIGCONT");
    await this.cluster.stop();
  }

  /** The cluster's own controller would hide what does not come to an end without it. */
  #signalControllers(signal: NodeJS.Signals): void {
    for (const [pid, command] of processesIn(this.cluster.dataDir)) {
      if (command.includes("controller/main.ts")) process.kill(pid, signal);
    }
  }

  #running(): RunningGateway {
    if (this.#gateway === undefined) throw new Error("the gateway does not run");
    return this.#gateway;
  }
}

function proxiedTopologyDirectory(dataDir: string): string {
  return join(dataDir, "topology-of-proxies");
}

/** All documents as they are, but for the addresses. */
async function writeProxiedTopology(
  dataDir: string,
  topology: Topology,
  proxies: ReadonlyMap<string, FaultProxy>,
): Promise<Topology> {
  const directory = proxiedTopologyDirectory(dataDir);
  await mkdir(directory);
  const copy = localStore(directory);
  for (const { key, value } of await localStore(join(dataDir, "topology")).list("")) {
    await copy.put(key, value, "absent");
  }
  for (const [name, { primary }] of topology.shards) {
    await namePrimary(copy, name, { name: primary!.name, address: proxies.get(name)!.address });
  }
  return await readTopology(copy);
}
