// The pools of all shards.
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import { openPrimary } from "./open-primary.ts";
import type { AcquireOptions, Lease, Pool, Submission, Traveller } from "./pool.ts";
import { type PooledConnection, PoolLease } from "./pooled-connection.ts";
import { ReleasingHandler } from "./releasing-handler.ts";
import { type PoolLimits, ShardConnections } from "./shard-connections.ts";

export class ConnectionPool implements Pool {
  #topology: () => Topology;
  #shards = new Map<ShardName, ShardConnections>();
  #limits: PoolLimits;
  #housekeeping: NodeJS.Timeout;
  #isClosed = false;

  constructor(topology: () => Topology, limits: Partial<PoolLimits> = {}) {
    this.#topology = topology;
    this.#limits = { ...defaultLimits, ...limits };
    this.#housekeeping = setInterval(() => this.#tidy(), 1_000);
    this.#housekeeping.unref();
  }

  submit(submission: Submission): void {
    const { shard, traveller, handler, signal } = submission;
    const connections = this.#connections(shard);
    const ready = connections.ready(traveller);
    if (ready !== undefined) {
      send(submission, connections, ready);
      return;
    }
    this.#take(shard, traveller, { signal }).then(
      (pooled) => send(submission, connections, pooled),
      (error: unknown) => handler.lost(asAppError(error)),
    );
  }

  async acquire(shard: ShardName, traveller: Traveller, options: AcquireOptions = {}): Promise<Lease> {
    const connections = this.#connections(shard);
    return new PoolLease(shard, await this.#take(shard, traveller, options), (pooled, keep) =>
      keep ? connections.giveBack(pooled) : connections.discard(pooled),
    );
  }

  isHeld(shard: ShardName): boolean {
    return this.#shards.get(shard)?.isHeld === true;
  }

  /** To be called when it has changed: connections of older terms end, and who waits for a primary may have one. */
  topologyChanged(): void {
    for (const connections of this.#shards.values()) connections.topologyChanged();
  }

  /** Closes the connections of a database as they become idle. For DROP DATABASE. */
  retire(matches: (login: { database: string; user: string }) => boolean): void {
    for (const connections of this.#shards.values()) connections.retire(matches);
  }

  /** Open connections per shard. */
  counts(): Map<ShardName, ShardConnections["counts"]> {
    return new Map([...this.#shards].map(([shard, { counts }]) => [shard, counts]));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#housekeeping);
    for (const connections of this.#shards.values()) connections.close(shuttingDown());
  }

  async #take(shard: ShardName, traveller: Traveller, options: AcquireOptions): Promise<PooledConnection> {
    if (this.#isClosed) throw shuttingDown();
    return this.#connections(shard).take(traveller, options);
  }

  #connections(shard: ShardName): ShardConnections {
    let connections = this.#shards.get(shard);
    if (connections === undefined) {
      connections = new ShardConnections(shard, () => this.#topology().shards.get(shard), this.#limits);
      this.#shards.set(shard, connections);
    }
    return connections;
  }

  #tidy(): void {
    for (const connections of this.#shards.values()) connections.tidy();
  }
}

const defaultLimits: PoolLimits = {
  perShardMax: 64,
  perShardHardMax: 128,
  connectTimeoutMs: 5_000,
  waitTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  holdTimeoutMs: 20_000,
  open: openPrimary,
};

function send(submission: Submission, connections: ShardConnections, pooled: PooledConnection): void {
  submission.handler.sent(pooled.connection);
  pooled.connection.request(
    submission.bytes,
    new ReleasingHandler(submission.handler, () => connections.giveBack(pooled)),
    submission.syncs,
    submission.needs,
  );
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  assert(error instanceof Error, "something other than an error was thrown");
  return new AppError("no-connection", error.message, { retry: "safe", cause: error });
}

function shuttingDown(): SqlError {
  return new SqlError({ severity: "FATAL", code: "57P01", message: "the gateway is shutting down" });
}
