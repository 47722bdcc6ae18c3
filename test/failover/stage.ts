// One shard of three tablets and a gateway, all of them processes as in a cluster, with everything between them that can be
// taken away: each link of the network, each one's way to the topology, and, where this machine allows it, the disks.
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type AgentClient, type AgentTarget, agentClient } from "../../src/agent-api/agent-client.ts";
import { certificatesDirectory, ensureCertificates } from "../../src/local/certificates.ts";
import { makeDirectory } from "../../src/local/data-directory.ts";
import { findPostgres } from "../../src/local/find-postgres.ts";
import { gatewayMain } from "../../src/local/gateway-program.ts";
import { type Program, startProgram } from "../../src/local/program.ts";
import { ensureSecrets } from "../../src/local/secrets.ts";
import { serverUser } from "../../src/local/server-user.ts";
import { getShard } from "../../src/topology/change-shard.ts";
import { createTopology } from "../../src/topology/create-topology.ts";
import { leasesDirectory } from "../../src/topology/local-leases.ts";
import { localStore } from "../../src/topology/local-store.ts";
import type { Address, DurabilityPolicy, Shard, ShardName } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { freePorts } from "../kubernetes/free-ports.ts";
import { mountDisk, unmountDisk } from "../support/disk.ts";
import { Network } from "./network.ts";
import { TabletProcess } from "./tablet-process.ts";

export const shardName = "s1" as ShardName;
const tabletNames = ["s1-0", "s1-1", "s1-2"] as const;
const clientPassword = "secret";
const diskBytes = 512 * 2 ** 20;

/** A topology in Kubernetes. Each party has a link of its own to the API server, which is party "store". */
export interface KubernetesPlace {
  readonly store: TopologyStore;
  /** As --topology has it. */
  readonly place: string;
  readonly apiServer: Address;
  /** The text of a kubeconfig for whoever reaches the API server there. */
  kubeconfig(at: Address): string;
}

export interface StageOptions {
  readonly durability?: DurabilityPolicy;
  /** Disks of their own for each tablet and the store; needs `canMount`. */
  readonly hasDisks?: boolean;
  /** Instead of a directory. */
  readonly kubernetes?: KubernetesPlace;
  /** Directory of PostgreSQL's programs, if not those of npm. */
  readonly pgBin?: string;
}

export class Stage {
  readonly network = new Network();
  readonly tablets: TabletProcess[] = [];
  readonly dataDir: string;
  #kubernetes: KubernetesPlace | undefined;
  #store: TopologyStore;
  #client: AgentClient | undefined;
  #gateway: Program | undefined;
  #gatewayPort = 0;
  #adminPassword = "";
  #clients = new Set<pg.Client>();

  static async start(options: StageOptions = {}): Promise<Stage> {
    const dataDir = await mkdtemp(join(tmpdir(), "sgf-"));
    // The tablets run as another user when the tests run as root.
    await chmod(dataDir, 0o755);
    const stage = new Stage(dataDir, options.kubernetes);
    try {
      await stage.#start(options);
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  private constructor(dataDir: string, kubernetes: KubernetesPlace | undefined) {
    this.dataDir = dataDir;
    this.#kubernetes = kubernetes;
    this.#store = kubernetes?.store ?? localStore(this.topology);
  }

  /** The directory of the store. */
  get topology(): string {
    return join(this.dataDir, "topology");
  }

  /** What the topology says at this moment. */
  async shard(): Promise<Shard> {
    return (await getShard(this.#store, shardName)).shard;
  }

  tablet(name: string): TabletProcess {
    return this.tablets.find((tablet) => tablet.name === name)!;
  }

  async primary(): Promise<TabletProcess> {
    const { primary } = await this.shard();
    if (!primary) throw new Error("the shard has no primary");
    return this.tablet(primary.name);
  }

  async standbys(): Promise<TabletProcess[]> {
    const primary = await this.primary();
    return this.tablets.filter((tablet) => tablet !== primary);
  }

  /** All who take part in the network. */
  get parties(): string[] {
    return [...tabletNames, "gateway"];
  }

  /** A session at the gateway. */
  open(): Promise<pg.Client> {
    return this.#connect({ host: "127.0.0.1", port: this.#gatewayPort, user: "postgres", password: clientPassword });
  }

  get login(): pg.ClientConfig {
    const database = "postgres";
    return { host: "127.0.0.1", port: this.#gatewayPort, user: "postgres", password: clientPassword, database };
  }

  /** A session at a tablet, past gateway and network. */
  at(tablet: TabletProcess): Promise<pg.Client> {
    return this.#connect({ ...tablet.postgres, user: "shardgres", password: this.#adminPassword });
  }

  async release(client: pg.Client): Promise<void> {
    this.#clients.delete(client);
    await client.end().catch(() => {});
  }

  /** The agent's API, past the network. */
  get agents(): AgentClient {
    return this.#client!;
  }

  target({ name, api }: TabletProcess): AgentTarget {
    return { shard: shardName, tablet: name, address: api };
  }

  /** Of a tablet or the gateway: its way to the topology is gone, if it is not already. */
  async takeStore(party: string): Promise<void> {
    await rm(this.#storeOf(party), { force: true });
  }

  async giveStore(party: string): Promise<void> {
    if (!existsSync(this.#storeOf(party))) await symlink(this.topology, this.#storeOf(party));
  }

  /** What the agents have decided, in the order of time. */
  async decisions(): Promise<string[]> {
    const all = await Promise.all(this.tablets.map((tablet) => this.#decisionsOf(tablet)));
    return all.flat().sort();
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await Promise.all([...this.#clients].map((client) => client.end().catch(() => {})));
    this.#gateway?.kill("SIGKILL");
    await this.#gateway?.exited;
    await Promise.all(this.tablets.map((tablet) => tablet.close()));
    await this.network.close();
    for (const directory of [this.topology, ...this.tablets.map(({ directory }) => directory)]) unmountDisk(directory);
    if (!process.env.SHARDGRES_KEEP) await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #start({ durability = "majority", hasDisks = false, pgBin }: StageOptions): Promise<void> {
    const { dataDir } = this;
    const user = await serverUser(dataDir);
    const postgres = await findPostgres(pgBin);
    const { topology } = this;
    const giveDisk = (directory: string) => mountDisk(directory, diskBytes, user && [user.uid, user.gid]);
    await makeDirectory(topology, user, 0o755);
    if (hasDisks) giveDisk(topology);
    await makeDirectory(join(topology, leasesDirectory), user, 0o755);
    for (const name of ["stores", "logs", "tablets", "reach"])
      await makeDirectory(join(dataDir, name), undefined, 0o755);
    for (const party of this.parties) await symlink(topology, this.#storeOf(party));
    const postgresVersion = String(postgres.version.major);
    const made = await createTopology(this.#store, {
      shardCount: 1,
      authentication: "scram-sha-256",
      postgresVersion,
      durability,
    });
    const login = { authentication: "scram-sha-256", postgresPassword: clientPassword, agentUser: user } as const;
    const secrets = await ensureSecrets(dataDir, login);
    this.#adminPassword = (await readFile(secrets.adminPasswordFile, "utf8")).trim();
    const { admin } = await ensureCertificates(dataDir, { clusterId: made.clusterId, agentUser: user });
    this.#client = agentClient({ tls: admin });
    const ports = await freePorts(2 * tabletNames.length);
    const places = tabletNames.map((name, i) => ({
      name,
      postgres: { host: "127.0.0.1", port: ports[2 * i]! },
      api: { host: "127.0.0.1", port: ports[2 * i + 1]! },
    }));
    for (const place of places) {
      const directory = join(dataDir, "tablets", place.name);
      await makeDirectory(directory, user, 0o700);
      if (hasDisks) giveDisk(directory);
      const args = {
        topology: this.#placeFor(place.name),
        shard: shardName,
        "pg-bin": postgres.binDirectory,
        "roles-file": secrets.rolesFile,
        "password-file": secrets.agentPasswordFile,
        certificates: certificatesDirectory(dataDir),
        authentication: "scram-sha-256",
        fsync: "off",
        reach: await this.#writeReach(place.name, places),
      };
      const logFile = join(dataDir, "logs", `${place.name}.log`);
      const environment = await this.#environmentOf(place.name);
      this.tablets.push(new TabletProcess({ ...place, directory, args, environment, user, logFile }));
    }
    for (const tablet of this.tablets) tablet.start();
    await this.#startGateway(secrets.adminPasswordFile, await this.#writeReach("gateway", places));
  }

  /** Links from one to all others, and the file that tells it of them. */
  async #writeReach(
    from: string,
    places: readonly { readonly name: string; readonly postgres: Address; readonly api: Address }[],
  ): Promise<string> {
    const others: Record<string, string> = {};
    for (const { name, postgres, api } of places) {
      for (const target of name === from ? [] : [postgres, api]) {
        const link = await this.network.link(from, name, target);
        others[`${target.host}:${target.port}`] = `${link.host}:${link.port}`;
      }
    }
    const file = join(this.dataDir, "reach", `${from}.json`);
    await writeFile(file, JSON.stringify(others, null, 2));
    return file;
  }

  async #startGateway(adminPasswordFile: string, reachFile: string): Promise<void> {
    const ready = Promise.withResolvers<number>();
    this.#gateway = await startProgram({
      main: gatewayMain,
      args: [
        ...["--topology", this.#placeFor("gateway"), "--host", "127.0.0.1", "--port", "0"],
        ...["--admin-password-file", adminPasswordFile, "--reach", reachFile],
      ],
      user: undefined,
      logFile: join(this.dataDir, "logs", "gateway.log"),
      environment: await this.#environmentOf("gateway"),
      onLine(line) {
        const said = JSON.parse(line) as { ready?: unknown; port?: unknown };
        if (said.ready === true) ready.resolve(Number(said.port));
      },
    });
    void this.#gateway.exited.then((how) => ready.reject(new Error(`the gateway has ended (${how})`)));
    this.#gatewayPort = await ready.promise;
  }

  async #connect(config: pg.ClientConfig): Promise<pg.Client> {
    const client = new pg.Client({ database: "postgres", connectionTimeoutMillis: 5_000, ...config });
    client.on("error", () => {});
    this.#clients.add(client);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await this.release(client);
      throw error;
    }
  }

  #placeFor(party: string): string {
    return this.#kubernetes?.place ?? this.#storeOf(party);
  }

  async #environmentOf(party: string): Promise<Record<string, string>> {
    if (!this.#kubernetes) return {};
    const { kubeconfig, apiServer } = this.#kubernetes;
    const file = join(this.dataDir, "reach", `${party}.kubeconfig`);
    await writeFile(file, kubeconfig(await this.network.link(party, "store", apiServer)));
    return { KUBECONFIG: file };
  }

  #storeOf(party: string): string {
    return join(this.dataDir, "stores", party);
  }

  async #decisionsOf({ name }: TabletProcess): Promise<string[]> {
    const text = await readFile(join(this.dataDir, "logs", `${name}.log`), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => {
      try {
        const { time, msg, decision, err } = JSON.parse(line);
        const at = new Date(time).toISOString().slice(11, 23);
        return [`${at} ${name} ${decision ?? "-"}: ${msg}${err ? ` (${err.message})` : ""}`];
      } catch {
        return [];
      }
    });
  }
}
