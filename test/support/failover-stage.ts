// Shards with a primary and a standby each, and a gateway on top. The test is the tablet agents: it stops and promotes
// servers and changes the topology, as docs/failover.md says, but decides nothing.
import { appendFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { changeShard } from "../../src/topology/change-shard.ts";
import { createTopology } from "../../src/topology/create-topology.ts";
import { localStore } from "../../src/topology/local-store.ts";
import { noCohort, type Shard, type ShardName, type Tablet } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { cloneStandby } from "../../tablet-agent/postgres/clone.ts";
import { makeStandby } from "../../tablet-agent/postgres/standby.ts";
import { eventually } from "./eventually.ts";
import { processesIn } from "./launch.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { type SecondGateway, startSecondGateway } from "./second-gateway.ts";

const settings = { synchronous_commit: "on", full_page_writes: "on", wal_retrieve_retry_interval: "100ms" };

export class StagedShard {
  readonly name: ShardName;
  #store: TopologyStore;
  /** The one that the topology names, as far as this test has named one, and the other one. */
  primary: PostgresServer;
  standby: PostgresServer;
  term = 1;

  constructor(name: ShardName, store: TopologyStore, primary: PostgresServer, standby: PostgresServer) {
    this.name = name;
    this.#store = store;
    this.primary = primary;
    this.standby = standby;
  }

  change(change: (before: Shard) => Shard): Promise<unknown> {
    return changeShard(this.#store, this.name, change);
  }

  /** Commits of the primary wait for the standby, or do not. */
  async synchronous(isOn: boolean): Promise<void> {
    const names = isOn ? "*" : "";
    await onServer(this.primary, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`, "SELECT pg_reload_conf()");
    if (!isOn) return;
    const sql = "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'";
    await eventually(async () => (await onServer(this.primary, sql)).length === 1);
  }

  /** Gateways let nobody begin anything there, until another primary is named or it is called off. */
  holdNew(): Promise<unknown> {
    return this.change((before) => ({ ...before, switchover: { to: tabletOf(this.standby).name } }));
  }

  callOff(): Promise<unknown> {
    return this.change(({ switchover: _, ...before }) => before);
  }

  /**
   * As tablet agents do it: whoever is in a transaction may finish it. `othersMs`: for so long it waits for sessions that are
   * not in a transaction: those of gateways that have not heard of it yet, or those with state of their own.
   */
  async switchOver(othersMs = 10_000): Promise<void> {
    await this.holdNew();
    const others = `FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
    const isAlone = async (condition: string) =>
      (await onServer(this.primary, `SELECT ${others} AND ${condition}`)).length === 0;
    // Gateways that have heard of it close what nobody uses. What stays belongs to sessions with state of their own.
    const deadline = performance.now() + othersMs;
    await eventually(async () => performance.now() > deadline || isAlone("application_name <> 'shardgres gateway'"));
    await eventually(() => isAlone("xact_start IS NOT NULL"));
    await this.primary.halt("fast");
    await this.nameStandby();
    await this.promote();
    await this.rejoin();
  }

  /** The standby becomes the primary of the next term, as the topology says; it does not know yet. */
  async nameStandby(): Promise<void> {
    [this.primary, this.standby] = [this.standby, this.primary];
    this.term++;
    const primary = tabletOf(this.primary);
    await this.change(({ switchover: _, ...before }) => ({ ...before, primary, term: this.term }));
  }

  /** Makes the primary that is named one. Standbys let nobody write, so that the term is the first thing that is written. */
  async promote(): Promise<void> {
    await onServer(this.primary, "SELECT pg_promote(true, 30)");
    await this.writeTerm();
    await this.openForWriting();
  }

  async writeTerm(): Promise<void> {
    await onServer(
      this.primary,
      "SET default_transaction_read_only = off",
      `ALTER ROLE shardgres SET shardgres.term = '${this.term}'`,
    );
  }

  async openForWriting(): Promise<void> {
    await onServer(
      this.primary,
      "SET default_transaction_read_only = off",
      "ALTER SYSTEM RESET default_transaction_read_only",
      "SELECT pg_reload_conf()",
    );
  }

  /** The one that is stopped goes on as the standby of the other. */
  async rejoin(): Promise<void> {
    const { dataDirectory } = this.standby;
    await makeStandby(dataDirectory, sourceOf(this.primary, ""));
    await appendFile(join(dataDirectory, "postgresql.auto.conf"), standbyLines);
    await this.standby.start();
    const sql = "SELECT FROM pg_stat_replication WHERE state = 'streaming'";
    await eventually(async () => (await onServer(this.primary, sql)).length === 1);
  }

  async stop(): Promise<void> {
    await Promise.all([this.primary.stop(), this.standby.stop()]);
  }
}

export interface FailoverStage {
  readonly dataDir: string;
  readonly gateway: SecondGateway;
  readonly shards: readonly StagedShard[];
  /** A session at the gateway. */
  open(config?: pg.ClientConfig): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** Shards s1, s2, ...; the first one is home. */
export async function startFailoverStage(shardCount: number): Promise<FailoverStage> {
  const dataDir = await mkdtemp(join(tmpdir(), "shardgres-failover-"));
  const shards: StagedShard[] = [];
  const clients: pg.Client[] = [];
  let gateway: SecondGateway | undefined;
  const stop = async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    await gateway?.stop();
    await Promise.all(shards.map((shard) => shard.stop()));
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await Promise.all(["topology", "logs"].map((name) => mkdir(join(dataDir, name))));
    await writeFile(join(dataDir, "admin-password"), "trusted");
    const store = localStore(join(dataDir, "topology"));
    const made = await createTopology(store, { shardCount, authentication: "trust", postgresVersion: "18" });
    for (const name of made.shards.keys()) shards.push(await startShard(name, store));
    gateway = await startSecondGateway({ dataDir });
    const { port } = gateway;
    return {
      dataDir,
      gateway,
      shards,
      async open(config = {}) {
        const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres", ...config });
        client.on("error", () => {});
        clients.push(client);
        await client.connect();
        return client;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const standbyLines = "\nprimary_slot_name = ''\ndefault_transaction_read_only = on\n";

async function startShard(name: ShardName, store: TopologyStore): Promise<StagedShard> {
  const primary = await startPostgres({ settings });
  try {
    const [version] = await onServer(
      primary,
      "CREATE ROLE shardgres SUPERUSER LOGIN",
      "ALTER ROLE shardgres SET shardgres.term = '1'",
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const standby = await startPostgres({
      settings,
      async makeData(dataDirectory) {
        await cloneStandby({
          source: sourceOf(primary, "clone"),
          postgresMajor: Number(version!.major),
          dataDirectory,
          fsync: false,
          onProgress: () => {},
          signal: new AbortController().signal,
        });
        await appendFile(join(dataDirectory, "postgresql.auto.conf"), standbyLines);
      },
    });
    await onServer(primary, "SELECT pg_drop_replication_slot('clone')").catch(() => {});
    const tablets = [primary, standby].map(tabletOf);
    await changeShard(store, name, (before) => ({
      ...before,
      term: 1,
      tablets,
      primary: tablets[0],
      cohort: noCohort,
    }));
    return new StagedShard(name, store, primary, standby);
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

function tabletOf({ host, port }: PostgresServer): Tablet {
  return { name: `t${port}`, address: { host, port } };
}

function sourceOf({ host, port }: PostgresServer, slot: string) {
  return {
    address: { host, port },
    user: "postgres",
    password: undefined,
    slot,
    applicationName: "standby",
    passwordFile: "",
  };
}

/** Runs statements in one session of the superuser, behind the gateway's back; resolves with the rows of the last. */
export async function onServer(
  { connectionString }: PostgresServer,
  ...statements: readonly string[]
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const sql of statements) ({ rows } = await client.query(sql));
    return rows;
  } finally {
    await client.end();
  }
}

/** To every process of the server. */
export function signalAll({ dataDirectory }: PostgresServer, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
  for (const pid of processesIn(dataDirectory).keys()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  }
}
