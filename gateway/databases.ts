// The databases that sessions have connected to: each has its catalog, kept up to date, and the schema `shardgres` on
// every shard.
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { backoff } from "../src/base/backoff.ts";
import type { Log } from "../src/base/log.ts";
import { type Builtins, loadBuiltins } from "../src/catalog/builtins.ts";
import { loadCatalog } from "../src/catalog/loader.ts";
import { metadataSchemaSql } from "../src/catalog/metadata-schema.ts";
import type { CatalogSnapshot } from "../src/catalog/snapshot.ts";
import { homeSecretSql, takeSecretSql } from "../src/catalog/transaction-schema.ts";
import { UserTypes, userTypesSql } from "../src/catalog/user-types.ts";
import { allShards } from "../src/executor/execution.ts";
import type { AdminConnections } from "../src/pool/admin-connections.ts";
import type { ShardName, Topology } from "../src/topology/snapshot.ts";
import { catalogChannel } from "../src/transaction/catalog-channel.ts";
import { Coordinator } from "../src/transaction/coordinator.ts";
import { originOf } from "../src/transaction/gid.ts";
import { DistributionGate } from "./distribution-gate.ts";

const reconnectMaxMs = 5_000;
const reloadLimitMs = 5_000;

export class Database {
  readonly name: string;
  readonly builtins: Builtins;
  /** Object ids of users' types on each shard, as of the last load of the catalog. */
  userTypes: UserTypes = UserTypes.none;
  #typesOfOthers: () => Promise<ReadonlyMap<string, string>>;
  #homeTypes = "[]";
  readonly gate = new DistributionGate();
  readonly coordinator: Coordinator;
  #connect: () => Promise<pg.Client>;
  #connection: pg.Client;
  #catalog: CatalogSnapshot;
  #loading: Promise<void> | undefined;
  #isStale = false;
  #isClosed = false;
  #log: Log;

  /**
   * `connect` gives a connection of the gateway's own to the database's home shard; `typesOfOthers` the answers of the
   * other shards to `userTypesSql`.
   */
  static async open(
    name: string,
    connect: () => Promise<pg.Client>,
    typesOfOthers: () => Promise<ReadonlyMap<string, string>>,
    coordinator: Coordinator,
    log: Log,
  ): Promise<Database> {
    const connection = await connect();
    const builtins = await loadBuiltins(queryText(connection));
    const catalog = await loadCatalog(queryText(connection), builtins);
    const database = new Database(name, connect, typesOfOthers, coordinator, connection, builtins, catalog, log);
    await database.#loadUserTypes();
    return database;
  }

  private constructor(
    name: string,
    connect: () => Promise<pg.Client>,
    typesOfOthers: () => Promise<ReadonlyMap<string, string>>,
    coordinator: Coordinator,
    connection: pg.Client,
    builtins: Builtins,
    catalog: CatalogSnapshot,
    log: Log,
  ) {
    this.name = name;
    this.builtins = builtins;
    this.#connect = connect;
    this.#typesOfOthers = typesOfOthers;
    this.coordinator = coordinator;
    this.#connection = connection;
    this.#catalog = catalog;
    this.#log = log;
    this.#attend(connection);
  }

  get catalog(): CatalogSnapshot {
    return this.#catalog;
  }

  /** Resolves with a catalog that shows everything committed before the call. */
  reload(): Promise<void> {
    if (this.#loading !== undefined) {
      // The load under way may have begun before the change; one more follows it, for all who ask meanwhile.
      this.#isStale = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** The change is committed, which this cannot fail: while the home shard is away it tries again, for some seconds. */
  async reloadAfterCommit(): Promise<void> {
    const pause = backoff();
    for (const deadline = performance.now() + reloadLimitMs; ; ) {
      try {
        await this.reload();
        return;
      } catch (error) {
        if (this.#isClosed) return;
        if (performance.now() > deadline) {
          // The next connection to the home shard reads it.
          this.#log.error({ err: error, database: this.name }, "catalog not read after it was changed");
          return;
        }
        await delay(pause.next());
      }
    }
  }

  async #load(): Promise<void> {
    do {
      this.#isStale = false;
      this.#catalog = await loadCatalog(queryText(this.#connection), this.builtins);
      await this.#loadUserTypes();
    } while (this.#isStale);
  }

  /** Types change seldom, so the other shards are asked only when the home shard's have changed. */
  async #loadUserTypes(): Promise<void> {
    const homeTypes = await queryText(this.#connection)(userTypesSql);
    if (homeTypes === this.#homeTypes) return;
    this.userTypes = new UserTypes(homeTypes, await this.#typesOfOthers());
    this.#homeTypes = homeTypes;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.coordinator.close();
    return this.#connection.end().catch(() => {});
  }

  /** Hears of changes that others make; a lost connection is made again, and the catalog read anew. */
  #attend(connection: pg.Client): void {
    connection.on("notification", () => {
      this.reload().catch((error: unknown) => this.#log.warn({ err: error, database: this.name }, "catalog not read"));
    });
    connection.on("end", () => {
      if (!this.#isClosed) void this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    const pause = backoff({ maxMs: reconnectMaxMs });
    while (!this.#isClosed) {
      await delay(pause.next(), undefined, { ref: false });
      try {
        this.#connection = await this.#connect();
        this.#attend(this.#connection);
        await this.reload();
        return;
      } catch (error) {
        this.#log.warn({ err: error, database: this.name }, "no connection to the home shard; trying again");
      }
    }
  }
}

export class Databases {
  #topology: () => Topology;
  #admin: AdminConnections;
  /** Of this gateway's run, in gids. */
  readonly #origin: string;
  readonly #gatewayName: string;
  #transactions = 0;
  #log: Log;
  #open = new Map<string, Promise<Database>>();
  #terms: ReadonlyMap<ShardName, number>;

  constructor(topology: () => Topology, admin: AdminConnections, gatewayName: string, log: Log) {
    this.#topology = topology;
    this.#admin = admin;
    this.#origin = originOf(gatewayName, Date.now());
    this.#gatewayName = gatewayName;
    this.#log = log;
    this.#terms = termsOf(topology());
  }

  /** Rejects with pg.DatabaseError (3D000) when there is no such database. */
  get(name: string): Promise<Database> {
    let database = this.#open.get(name);
    if (database === undefined) {
      database = this.#prepare(name);
      this.#open.set(name, database);
      database.catch(() => this.#open.delete(name));
    }
    return database;
  }

  /** To be called when it has changed: a shard with another primary may not have been told what the one before was. */
  topologyChanged(): void {
    const terms = termsOf(this.#topology());
    for (const [shard, term] of terms) {
      if (this.#terms.get(shard) === term) continue;
      for (const database of this.#open.values()) {
        void database.then(
          ({ coordinator }) => coordinator.tellAnew(shard),
          () => {},
        );
      }
    }
    this.#terms = terms;
  }

  /** Sessions of this gateway that use a database. */
  async sessionsOf(name: string): Promise<number> {
    return (await this.#open.get(name)?.catch(() => undefined))?.gate.sessions.size ?? 0;
  }

  /** Gives up the connections to a database, so that it can be dropped or renamed. */
  async forget(name: string): Promise<void> {
    const database = this.#open.get(name);
    this.#open.delete(name);
    await (await database?.catch(() => undefined))?.close();
    this.#admin.forget(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.forget(name)));
  }

  async #typesOfOthers(name: string): Promise<ReadonlyMap<string, string>> {
    const { home } = this.#topology();
    const types = new Map<string, string>();
    for (const shard of allShards(this.#topology())) {
      if (shard.name === home) continue;
      const connection = await this.#admin.connectInTime(shard.name, name);
      try {
        types.set(shard.name, await queryText(connection)(userTypesSql));
      } finally {
        await connection.end();
      }
    }
    return types;
  }

  async #prepare(name: string): Promise<Database> {
    const topology = this.#topology();
    let secret: string | undefined;
    // The home shard is asked first: its secret is everybody's.
    const others = allShards(topology).filter((shard) => shard.name !== topology.home);
    for (const shard of [topology.home, ...others.map((other) => other.name)]) {
      const connection = await this.#admin.connectInTime(shard, name);
      try {
        await connection.query(metadataSchemaSql);
        if (secret === undefined) secret = await homeSecret(connection);
        else await connection.query(takeSecretSql, [secret]);
      } finally {
        await connection.end();
      }
    }
    const connect = async () => {
      const connection = await this.#admin.connectInTime(this.#topology().home, name);
      await connection.query(`LISTEN ${catalogChannel}`);
      return connection;
    };
    return Database.open(name, connect, () => this.#typesOfOthers(name), this.#coordinator(name, secret!), this.#log);
  }

  #coordinator(database: string, secret: string): Coordinator {
    return new Coordinator({
      clusterId: this.#topology().clusterId,
      origin: this.#origin,
      nextOrigin: () => originOf(this.#gatewayName, Date.now()),
      database,
      nextNumber: () => ++this.#transactions,
      secret,
      ask: this.#admin.query,
      shards: () => this.#topology().shards.keys(),
      log: this.#log,
    });
  }
}

function termsOf({ shards }: Topology): Map<ShardName, number> {
  return new Map([...shards].map(([name, { term }]) => [name, term]));
}

async function homeSecret(connection: pg.Client): Promise<string> {
  const ask = queryText(connection);
  // Nothing where another gateway has just made it: its row is visible now.
  return (await ask(homeSecretSql)) || (await ask(homeSecretSql));
}

function queryText(connection: pg.Client): (sql: string) => Promise<string> {
  return async (sql) => {
    const { rows } = await connection.query<(string | null)[]>({ text: sql, rowMode: "array" });
    const value = rows[0]?.[0];
    return value === null || value === undefined ? "" : String(value);
  };
}
