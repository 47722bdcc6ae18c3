// What all sessions of one gateway share.
import type { Log } from "../src/base/log.ts";
import { DescriptionCache } from "../src/executor/description-cache.ts";
import type { ServerLogin } from "../src/pgclient/server-connection.ts";
import type { ScramSecret } from "../src/pgwire/scram.ts";
import { createPlanCache } from "../src/planner/plan-cache.ts";
import type { AdminConnections } from "../src/pool/admin-connections.ts";
import { ConnectionPool } from "../src/pool/connection-pool.ts";
import { StandbyWatch } from "../src/pool/standby-watch.ts";
import { TabletPool } from "../src/pool/tablet-pool.ts";
import { TabletReports } from "../src/pool/tablet-reports.ts";
import type { Topology } from "../src/topology/snapshot.ts";
import { CancelKeys } from "./cancel-keys.ts";
import { connectionSettings } from "./commit-durability.ts";
import { Databases } from "./databases.ts";
import { DeadlockWatch } from "./deadlock-watch.ts";
import { Remembered } from "./remembered.ts";
import type { SessionDefaults } from "./session-defaults.ts";
import { SharedStatements } from "./shared-statements.ts";

export class Gateway {
  readonly log: Log;
  readonly admin: AdminConnections;
  /** Of primaries. */
  readonly pool: ConnectionPool;
  /** Of all. */
  readonly tablets: TabletPool;
  readonly databases: Databases;
  readonly descriptions = new DescriptionCache();
  readonly statements = new SharedStatements();
  readonly cancelKeys = new CancelKeys();
  readonly plans = createPlanCache();
  /** Of a login with its settings. */
  readonly sessionDefaults = new Remembered<SessionDefaults>(1_000);
  /** When a login was last found to have the right to connect (milliseconds), by its key. */
  readonly connectChecks = new Map<string, number>();
  /** What the last login of each role has proved: connections are opened with it, also for older sessions of the role. */
  readonly secrets = new Map<string, ScramSecret>();
  readonly deadlocks: DeadlockWatch;
  /** What clients' connections to shards begin with. */
  connectionSettings: ServerLogin["settings"];
  /** Since the store has last confirmed the topology; undefined: nobody counts. */
  topologyAgeMs: () => number | undefined = () => undefined;
  readonly #reports: TabletReports;
  #topology: () => Topology;

  /** `name` tells this gateway from others of the cluster, in gids and logs. */
  constructor(name: string, topology: () => Topology, admin: AdminConnections, log: Log) {
    this.log = log;
    this.admin = admin;
    this.#topology = topology;
    this.connectionSettings = connectionSettings(topology());
    this.pool = new ConnectionPool(topology);
    this.#reports = new TabletReports(admin);
    this.tablets = new TabletPool(topology, this.pool, new StandbyWatch(topology, this.#reports.ask));
    this.databases = new Databases(topology, admin, name, log);
    this.deadlocks = new DeadlockWatch(name, topology, admin, log);
  }

  get topology(): Topology {
    return this.#topology();
  }

  get areStandbysAwaited(): boolean {
    return this.connectionSettings !== undefined;
  }

  /** To be called when there is another snapshot of the topology: connections of older terms end, whoever waits goes on. */
  topologyChanged(): void {
    const tell = (listener: { topologyChanged(): void }) => {
      try {
        listener.topologyChanged();
      } catch (error) {
        // What goes wrong with one of them must not keep the others from following the topology.
        this.log.error({ err: error }, "unexpected error");
      }
    };
    const settings = connectionSettings(this.topology);
    const areOthers = settings !== this.connectionSettings;
    // Before anybody opens a connection because of the change.
    this.connectionSettings = settings;
    tell(this.pool);
    tell(this.admin);
    tell(this.databases);
    tell(this.tablets);
    if (areOthers) this.retire(() => true);
    for (const session of this.deadlocks.sessions) tell(session);
  }

  /** Closes connections of clients' logins as they become idle. For DROP DATABASE, and when what a login means has changed. */
  retire(matches: (login: { database: string; user: string }) => boolean): void {
    this.pool.retire(matches);
    this.tablets.retire(matches);
  }

  async close(): Promise<void> {
    this.pool.close();
    this.tablets.close();
    await this.#reports.close();
    await this.deadlocks.close();
    await this.databases.close();
    await this.admin.close();
  }
}
