// A cluster as the executor sees it: real servers, a real pool, transactions of one session. No gateway in front.
import pg from "pg";
import { createLog } from "../../src/base/log.ts";
import { metadataSchemaSql } from "../../src/catalog/metadata-schema.ts";
import type { CatalogSnapshot } from "../../src/catalog/snapshot.ts";
import { takeSecretSql } from "../../src/catalog/transaction-schema.ts";
import { UserTypes } from "../../src/catalog/user-types.ts";
import { DescriptionCache } from "../../src/executor/description-cache.ts";
import type { Execution } from "../../src/executor/execution.ts";
import { parseErrorFields } from "../../src/pgwire/error-fields.ts";
import { backend } from "../../src/pgwire/message-type.ts";
import { ConnectionPool } from "../../src/pool/connection-pool.ts";
import { SessionSettings } from "../../src/pool/session-settings.ts";
import { placeBuckets } from "../../src/sharding/place-buckets.ts";
import { noCohort, type Shard, type ShardName, type Topology } from "../../src/topology/snapshot.ts";
import { Coordinator } from "../../src/transaction/coordinator.ts";
import { SessionTransaction } from "../../src/transaction/session-transaction.ts";
import { type PostgresOptions, type PostgresServer, startPostgres } from "./postgres-server.ts";

const secret = "a secret";

/** What the client would have got. */
export class RecordingSink {
  readonly messages: Buffer[] = [];
  pendingBytes = 0;
  write(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + bytes.readInt32BE(at + 1);
      this.messages.push(Buffer.from(bytes.subarray(at, end)));
      at = end;
    }
    return true;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  onDrain(listener: () => void): void {
    listener();
  }
  ofType(type: number): Buffer[] {
    return this.messages.filter((message) => message[0] === type);
  }
  copyData(): Buffer {
    return Buffer.concat(this.ofType(backend.copyData).map((message) => message.subarray(5)));
  }
  notices(): string[] {
    return this.ofType(backend.noticeResponse).map((message) => parseErrorFields(message).get("M") ?? "");
  }
}

export class ThreeShards {
  readonly servers: readonly PostgresServer[];
  readonly clients: readonly pg.Client[];
  readonly topology: Topology;
  readonly pool: ConnectionPool;
  readonly transaction: SessionTransaction;

  static async start(options: PostgresOptions = {}): Promise<ThreeShards> {
    const servers = await Promise.all([0, 1, 2].map(() => startPostgres(options)));
    const clients = servers.map(({ connectionString }) => new pg.Client({ connectionString }));
    for (const client of clients) {
      await client.connect();
      await client.query(metadataSchemaSql);
      await client.query(takeSecretSql, [secret]);
    }
    return new ThreeShards(servers, clients);
  }

  private constructor(servers: readonly PostgresServer[], clients: readonly pg.Client[]) {
    this.servers = servers;
    this.clients = clients;
    const shards = servers.map((server, ordinal): Shard => {
      const name = `s${ordinal}` as ShardName;
      const address = { host: server.socketDirectory, port: server.port };
      const primary = { name, address };
      const none = { durability: "none", cohort: noCohort, nextCohort: undefined } as const;
      return { name, ordinal, primary, term: 1, tablets: [primary], ...none };
    });
    this.topology = {
      clusterId: "test",
      authentication: "trust",
      home: shards[0]!.name,
      shards: new Map(shards.map((shard) => [shard.name, shard])),
      buckets: { generation: 1, owners: placeBuckets(shards.map(({ name, ordinal }) => ({ name, ordinal }))) },
    };
    this.pool = new ConnectionPool(() => this.topology);
    let transactions = 0;
    this.transaction = new SessionTransaction({
      pool: this.pool,
      traveller: () => ({
        login: { database: "postgres", user: "postgres", secret: undefined },
        loginKey: "postgres",
        settings: SessionSettings.none,
      }),
      coordinator: new Coordinator({
        clusterId: "test",
        origin: "gateway_1",
        nextOrigin: () => "gateway_2",
        database: "postgres",
        nextNumber: () => ++transactions,
        secret,
        ask: async (shard, _database, text, values = []) => {
          const client = clients[this.topology.shards.get(shard)!.ordinal]!;
          return (await client.query<(string | null)[]>({ text, values: [...values], rowMode: "array" })).rows;
        },
        shards: () => this.topology.shards.keys(),
        log: createLog("three shards"),
      }),
      defaultIsolation: "read committed",
      defaultReadOnly: false,
      shards: () => [...this.topology.shards.keys()],
      checkSerializable: () => {},
      home: () => this.topology.home,
      reserved: new Map(),
    });
  }

  /** Runs on every shard. */
  async everywhere(sql: string): Promise<void> {
    await Promise.all(this.clients.map((client) => client.query(sql)));
  }

  /** Rows of a query, by shard; each row as an array of texts. */
  async rows(sql: string): Promise<(string | null)[][][]> {
    const text = { getTypeParser: () => (value: string) => value };
    const results = await Promise.all(
      this.clients.map((client) => client.query({ text: sql, rowMode: "array", types: text })),
    );
    return results.map(({ rows }) => rows);
  }

  /** Shard of a bucket, as a position in `clients`. */
  ownerOf(bucket: number): number {
    return this.topology.buckets.owners[bucket]!;
  }

  execution(text: string, sink: RecordingSink, catalog: CatalogSnapshot = noCatalog): Execution {
    return {
      sink,
      topology: this.topology,
      catalog,
      userTypes: UserTypes.none,
      statement: { text, offset: 0, literals: [], parameters: undefined, parameterTypes: [] },
      output: { describe: false, formats: [] },
      isWholeStatement: false,
      descriptions: new DescriptionCache(),
      scope: "test",
      maxGatheredRows: 1_000_000,
      viewKind: () => "block",
      helpCommit: () => {},
      participant: (shard) => this.transaction.join(shard),
      joined: () => this.transaction.participants.keys(),
    };
  }

  /** Runs in a transaction of its own: committed when it resolves, else rolled back. */
  async inTransaction<T>(run: () => Promise<T>): Promise<T> {
    this.transaction.begin("", false);
    try {
      const result = await run();
      await this.transaction.commit();
      return result;
    } catch (error) {
      if (this.transaction.status !== "idle") await this.transaction.rollback();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.pool.close();
    await Promise.all(this.clients.map((client) => client.end()));
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

export const noCatalog: CatalogSnapshot = {
  database: "postgres",
  version: 1,
  relations: new Map(),
  relationsByOid: new Map(),
  systemRelations: new Set(),
  informationSchemaRelations: new Set(),
  userFunctions: new Map(),
  volatileFunctions: new Set(),
  stableFunctions: new Set(),
  aggregateFunctions: new Set(),
  setReturningFunctions: new Set(),
  defaultCollationBytewise: true,
  arrayTypes: new Map(),
  hasShardedTables: true,
};
