// A cluster whose shards have standbys: real PostgreSQL servers that the test starts, stops and promotes itself, a topology
// in a directory that it changes itself, and a gateway. No tablet agents: nothing happens behind the test's back.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { gatewayMain } from "../../src/local/gateway-program.ts";
import { startProgram } from "../../src/local/program.ts";
import { changeShard } from "../../src/topology/change-shard.ts";
import { createTopology } from "../../src/topology/create-topology.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { noCohort, type Shard, type ShardName, type Tablet } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { cloneStandby } from "../../tablet-agent/postgres/clone.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

export interface ReplicatedClusterOptions {
  readonly shards: number;
  /** Of each shard. */
  readonly standbys: number;
  /** Of every PostgreSQL. */
  readonly settings?: Readonly<Record<string, string>>;
}

export class ReplicatedCluster {
  readonly store: TopologyStore;
  /** By the name of the tablet: "s1-0" is primary of "s1" at first, "s1-1", ... are its standbys. */
  readonly servers: ReadonlyMap<string, PostgresServer>;
  /** Of the gateway, on 127.0.0.1. */
  readonly port: number;
  readonly #clients: pg.Client[] = [];
  readonly #stop: () => Promise<void>;

  static async start({ shards, standbys, settings }: ReplicatedClusterOptions): Promise<ReplicatedCluster> {
    const directory = await mkdtemp(join(tmpdir(), "shardgres-test-"));
    const servers = new Map<string, PostgresServer>();
    const stopServers = async () => {
      await Promise.all([...servers.values()].map((server) => server.stop()));
      await rm(directory, { recursive: true, force: true });
    };
    try {
      await mkdir(join(directory, "topology"));
      const store = localStore(join(directory, "topology"));
      await createTopology(store, { shardCount: shards, authentication: "trust", postgresVersion: "18" });
      const names = Array.from({ length: shards }, (_, i) => `s${i + 1}` as ShardName);
      await Promise.all(
        names.map(async (shard) => {
          for (const [tablet, server] of await startShard(shard, standbys, settings ?? {})) servers.set(tablet, server);
          const tablets = Array.from({ length: standbys + 1 }, (_, i) => tabletOf(`${shard}-${i}`, servers));
          await changeShard(store, shard, (before) => ({ ...before, term: 1, primary: tablets[0], tablets }));
        }),
      );
      const gateway = await startGateway(directory);
      const stop = async () => {
        await gateway.stop();
        await stopServers();
      };
      return new ReplicatedCluster(store, servers, gateway.port, stop);
    } catch (error) {
      await stopServers();
      throw error;
    }
  }

  private constructor(
    store: TopologyStore,
    servers: ReadonlyMap<string, PostgresServer>,
    port: number,
    stop: () => Promise<void>,
  ) {
    this.store = store;
    this.servers = servers;
    this.port = port;
    this.#stop = stop;
  }

  server(tablet: string): PostgresServer {
    return this.servers.get(tablet)!;
  }

  /** A session at the gateway. */
  open(config: pg.ClientConfig = {}): Promise<pg.Client> {
    return this.#connect({ host: "127.0.0.1", port: this.port, ...config });
  }

  /** A session at one tablet, behind the gateway's back. */
  at(tablet: string): Promise<pg.Client> {
    const { host, port } = this.server(tablet);
    return this.#connect({ host, port });
  }

  /** Writes the shard's document. */
  async change(shard: string, change: (before: Shard) => Shard): Promise<void> {
    await changeShard(this.store, shard as ShardName, change);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end().catch(() => {})));
    await this.#stop();
  }

  async #connect(config: pg.ClientConfig): Promise<pg.Client> {
    const client = new pg.Client({ user: "postgres", database: "postgres", ...config });
    client.on("error", () => {});
    await client.connect();
    this.#clients.push(client);
    return client;
  }
}

async function startShard(
  shard: string,
  standbys: number,
  settings: Readonly<Record<string, string>>,
): Promise<Map<string, PostgresServer>> {
  const all = { full_page_writes: "on", wal_retrieve_retry_interval: "100ms", ...settings };
  const primary = await startPostgres({ settings: all });
  const servers = new Map([[`${shard}-0`, primary]]);
  try {
    const client = new pg.Client({ connectionString: primary.connectionString });
    await client.connect();
    await client.query("CREATE ROLE shardgres SUPERUSER LOGIN");
    const { rows } = await client.query("SHOW server_version_num");
    await client.end();
    const postgresMajor = Math.floor(Number(rows[0].server_version_num) / 10_000);
    for (let i = 1; i <= standbys; i++) {
      const name = `${shard}-${i}`;
      const makeData = async (dataDirectory: string) => {
        await cloneStandby({
          source: {
            address: { host: primary.host, port: primary.port },
            user: "postgres",
            password: undefined,
            slot: name.replace("-", "_"),
            applicationName: name,
            passwordFile: join(dirname(dataDirectory), "replication-password"),
          },
          postgresMajor,
          dataDirectory,
          fsync: false,
          onProgress: () => {},
          signal: new AbortController().signal,
        });
      };
      servers.set(name, await startPostgres({ settings: all, makeData }));
    }
    return servers;
  } catch (error) {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    throw error;
  }
}

function tabletOf(name: string, servers: ReadonlyMap<string, PostgresServer>): Tablet {
  const { host, port } = servers.get(name)!;
  return { name, address: { host, port } };
}

async function startGateway(directory: string): Promise<{ port: number; stop(): Promise<void> }> {
  const ready = Promise.withResolvers<number>();
  const program = await startProgram({
    main: gatewayMain,
    args: ["--topology", join(directory, "topology"), "--host", "127.0.0.1", "--port", "0"],
    user: undefined,
    logFile: join(directory, "gateway.log"),
    onLine(line) {
      const said = JSON.parse(line) as { ready?: unknown; port?: unknown };
      if (said.ready === true) ready.resolve(Number(said.port));
    },
  });
  void program.exited.then((how) => ready.reject(new Error(`the gateway has ended (${how})`)));
  const stop = async () => {
    program.kill("SIGTERM");
    await program.exited;
  };
  return { port: await ready.promise, stop };
}

/** What a failover makes of a document: another tablet is primary, in the next term. */
export function withPrimary(before: Shard, name: string): Shard {
  const primary = before.tablets.find((tablet) => tablet.name === name);
  return { ...before, primary, term: before.term + 1, cohort: noCohort, nextCohort: undefined };
}
