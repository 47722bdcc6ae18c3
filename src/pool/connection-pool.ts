// The pools of all shards. A connection is in exactly one place: opening, idle, or in use (by a submission or a lease);
// `#toIdle` and `#fromIdle` move it.
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import { ServerConnection } from "../pgclient/server-connection.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { closeMessage, queryMessage, syncMessage } from "../pgwire/frontend-encode.ts";
import { backend, transactionStatus } from "../pgwire/message-type.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import type { AcquireOptions, Lease, Pool, Submission, Traveller } from "./pool.ts";
import { PooledConnection, PoolLease } from "./pooled-connection.ts";
import { ReleasingHandler } from "./releasing-handler.ts";
import { settingsDifference } from "./session-settings.ts";

export interface ConnectionPoolOptions {
  /** Connections to one shard that callers may open. */
  readonly perShardMax?: number;
  /** The limit for callers that hold connections to other shards already. */
  readonly perShardHardMax?: number;
  readonly connectTimeoutMs?: number;
  /** How long a caller waits for a connection before it gets 53300. */
  readonly waitTimeoutMs?: number;
  /** An idle connection is closed after this time. */
  readonly idleTimeoutMs?: number;
}

interface Waiter {
  readonly traveller: Traveller;
  readonly holdsOthers: boolean;
  readonly deadline: number;
  use(pooled: PooledConnection): void;
  fail(error: Error): void;
}

class ShardConnections {
  /** Most recently used last, so that few connections stay busy and the others can go. */
  readonly idle: PooledConnection[] = [];
  readonly all = new Set<PooledConnection>();
  opening = 0;
  readonly waiters: Waiter[] = [];
}

export class ConnectionPool implements Pool {
  #topology: () => Topology;
  #shards = new Map<ShardName, ShardConnections>();
  #perShardMax: number;
  #perShardHardMax: number;
  #connectTimeoutMs: number;
  #waitTimeoutMs: number;
  #idleTimeoutMs: number;
  #housekeeping: NodeJS.Timeout;
  #isClosed = false;

  constructor(topology: () => Topology, options: ConnectionPoolOptions = {}) {
    this.#topology = topology;
    this.#perShardMax = options.perShardMax ?? 64;
    this.#perShardHardMax = options.perShardHardMax ?? 128;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
    this.#waitTimeoutMs = options.waitTimeoutMs ?? 30_000;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
    this.#housekeeping = setInterval(() => this.#tidy(), 1_000);
    this.#housekeeping.unref();
  }

  submit(submission: Submission): void {
    const { shard, traveller, handler, signal } = submission;
    const send = (pooled: PooledConnection) => {
      handler.sent(pooled.connection);
      pooled.connection.request(
        submission.bytes,
        new ReleasingHandler(handler, () => this.#toIdle(pooled)),
        submission.syncs,
        submission.needs,
      );
    };
    const ready = this.#fromIdle(this.#connections(shard), traveller);
    if (ready !== undefined && ready.settings.key === traveller.settings.key) {
      send(ready);
      return;
    }
    if (ready !== undefined) this.#toIdle(ready);
    this.#take(shard, traveller, { signal }).then(send, (error: unknown) => handler.lost(asAppError(error)));
  }

  async acquire(shard: ShardName, traveller: Traveller, options: AcquireOptions = {}): Promise<Lease> {
    return new PoolLease(shard, await this.#take(shard, traveller, options), (pooled, keep) =>
      keep ? this.#toIdle(pooled) : this.#discard(pooled),
    );
  }

  /** Closes the connections of a database as they become idle; with `all` false only those idle now. For DROP DATABASE. */
  retire(matches: (login: { database: string; user: string }) => boolean): void {
    for (const connections of this.#shards.values()) {
      for (const pooled of connections.all) {
        if (!matches(pooled.connection.login)) continue;
        pooled.isRetired = true;
        if (connections.idle.includes(pooled)) this.#discard(pooled);
      }
    }
  }

  /** Open connections per shard. */
  counts(): Map<ShardName, { readonly open: number; readonly idle: number; readonly waiting: number }> {
    return new Map(
      [...this.#shards].map(([shard, { all, idle, waiters }]) => [
        shard,
        { open: all.size, idle: idle.length, waiting: waiters.length },
      ]),
    );
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#housekeeping);
    for (const connections of this.#shards.values()) {
      for (const waiter of connections.waiters.splice(0)) waiter.fail(shuttingDown());
      for (const pooled of [...connections.all]) this.#discard(pooled);
    }
  }

  #connections(shard: ShardName): ShardConnections {
    let connections = this.#shards.get(shard);
    if (connections === undefined) {
      connections = new ShardConnections();
      this.#shards.set(shard, connections);
    }
    return connections;
  }

  /** A connection with the traveller's settings in force, for exclusive use. */
  async #take(shard: ShardName, traveller: Traveller, options: AcquireOptions): Promise<PooledConnection> {
    for (let tries = 1; ; tries++) {
      const pooled = await this.#anyConnection(shard, traveller, options);
      const change = settingsDifference(pooled.settings, traveller.settings);
      if (change === "") return pooled;
      try {
        await runSimple(pooled.connection, change);
        pooled.settings = traveller.settings;
        return pooled;
      } catch (error) {
        this.#discard(pooled);
        const isLost = error instanceof AppError;
        // Lost, perhaps while it was idle, or too slow for the statement_timeout of whom it served last: another one will
        // do, for nothing of the caller's has been sent.
        const mayTryAgain = isLost || (error instanceof ShardError && error.fields.code === "57014");
        if (!mayTryAgain || tries >= 3) throw isLost ? connectError(shard, error) : error;
      }
    }
  }

  #anyConnection(shard: ShardName, traveller: Traveller, options: AcquireOptions): Promise<PooledConnection> {
    if (this.#isClosed) return Promise.reject(shuttingDown());
    const connections = this.#connections(shard);
    const idle = this.#fromIdle(connections, traveller);
    if (idle !== undefined) return Promise.resolve(idle);
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        const at = connections.waiters.indexOf(waiter);
        if (at >= 0) connections.waiters.splice(at, 1);
        reject(signal?.reason);
      };
      // The signal may be that of a long session: nothing of this wait stays with it.
      const ended = () => signal?.removeEventListener("abort", giveUp);
      const waiter: Waiter = {
        traveller,
        holdsOthers: options.holdsOthers === true,
        deadline: Date.now() + this.#waitTimeoutMs,
        use(pooled) {
          ended();
          resolve(pooled);
        },
        fail(error) {
          ended();
          reject(error);
        },
      };
      connections.waiters.push(waiter);
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#serve(shard, connections);
    });
  }

  /** Opens connections for those who wait, as far as the limits allow. */
  #serve(shard: ShardName, connections: ShardConnections): void {
    while (connections.opening < connections.waiters.length) {
      const waiter = connections.waiters[connections.opening]!;
      const limit = waiter.holdsOthers ? this.#perShardHardMax : this.#perShardMax;
      const count = connections.all.size + connections.opening;
      if (count >= limit) {
        // Somebody else's idle connection makes room.
        const victim = connections.idle[0];
        if (victim === undefined) return;
        this.#discard(victim);
      }
      connections.opening++;
      void this.#open(shard, connections, waiter.traveller);
    }
  }

  async #open(shardName: ShardName, connections: ShardConnections, traveller: Traveller): Promise<void> {
    try {
      const shard = this.#topology().shards.get(shardName);
      if (shard?.primary === undefined) {
        throw new SqlError({ code: "08001", message: `shard "${shardName}" has no primary` });
      }
      const connection = await ServerConnection.open(shard.primary.address, traveller.login, this.#connectTimeoutMs);
      connections.opening--;
      const pooled = new PooledConnection(connection, shard, traveller.loginKey);
      connections.all.add(pooled);
      connection.onClose(() => this.#forget(pooled));
      if (this.#isClosed) this.#discard(pooled);
      else this.#toIdle(pooled);
    } catch (error) {
      connections.opening--;
      // The one for whom it was opened learns why; the others get their own try.
      const at = connections.waiters.findIndex((waiter) => waiter.traveller.loginKey === traveller.loginKey);
      if (at >= 0) connections.waiters.splice(at, 1)[0]!.fail(connectError(shardName, error));
      this.#serve(shardName, connections);
    }
  }

  #fromIdle(connections: ShardConnections, traveller: Traveller): PooledConnection | undefined {
    const { idle } = connections;
    let other = -1;
    for (let i = idle.length - 1; i >= 0; i--) {
      const pooled = idle[i]!;
      if (pooled.loginKey !== traveller.loginKey) continue;
      if (pooled.settings.key === traveller.settings.key) {
        other = i;
        break;
      }
      if (other < 0) other = i;
    }
    return other < 0 ? undefined : idle.splice(other, 1)[0];
  }

  /** A connection that nobody uses any more: to the first who waits for it, or to the idle ones. */
  #toIdle(pooled: PooledConnection): void {
    const { connection, shard } = pooled;
    const connections = this.#connections(shard.name);
    if (connection.isClosed) return;
    if (connection.isCancelling) {
      connection.afterCancel(() => this.#toIdle(pooled));
      return;
    }
    const isCurrent = this.#topology().shards.get(shard.name)?.term === shard.term;
    if (
      connection.status !== transactionStatus.idle ||
      connection.inFlight > 0 ||
      pooled.isRetired ||
      !isCurrent ||
      this.#isClosed
    ) {
      this.#discard(pooled);
      return;
    }
    closeSurplusStatements(connection);
    for (let i = 0; i < connections.waiters.length; i++) {
      const waiter = connections.waiters[i]!;
      if (waiter.traveller.loginKey !== pooled.loginKey) continue;
      connections.waiters.splice(i, 1);
      waiter.use(pooled);
      return;
    }
    pooled.idleSince = Date.now();
    connections.idle.push(pooled);
    this.#serve(shard.name, connections);
  }

  #discard(pooled: PooledConnection): void {
    this.#forget(pooled);
    pooled.connection.close();
  }

  #forget(pooled: PooledConnection): void {
    const connections = this.#connections(pooled.shard.name);
    if (!connections.all.delete(pooled)) return;
    const at = connections.idle.indexOf(pooled);
    if (at >= 0) connections.idle.splice(at, 1);
    if (!this.#isClosed) this.#serve(pooled.shard.name, connections);
  }

  #tidy(): void {
    const now = Date.now();
    for (const connections of this.#shards.values()) {
      for (const pooled of [...connections.idle]) {
        if (now - pooled.idleSince > this.#idleTimeoutMs) this.#discard(pooled);
      }
      for (let i = connections.waiters.length - 1; i >= 0; i--) {
        const waiter = connections.waiters[i]!;
        if (waiter.deadline > now) continue;
        connections.waiters.splice(i, 1);
        waiter.fail(
          new SqlError({
            code: "53300",
            message: "no connection to the shard became free in time",
            hint: "End long transactions, or raise the gateway's limit of connections per shard.",
          }),
        );
      }
    }
  }
}

/** Runs commands of the gateway's own; nobody sees the answer. Rejects with ShardError or AppError. */
export function runSimple(connection: ServerConnection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    connection.request(queryMessage(sql), {
      watched: watch(backend.errorResponse),
      wholeMessages: false,
      forward: () => false,
      message(_type, message) {
        error ??= new ShardError(message);
        return false;
      },
      ready: () => (error === undefined ? resolve() : reject(error)),
      lost: reject,
    });
  });
}

const ignoreAnswer: AnswerHandler = {
  watched: watch(),
  wholeMessages: false,
  forward: () => false,
  message: () => false,
  ready: () => {},
  lost: () => {},
};

function closeSurplusStatements(connection: ServerConnection): void {
  const surplus = connection.surplusPrepared();
  if (surplus.length === 0) return;
  for (const name of surplus) connection.setPrepared(name, false);
  connection.request([...surplus.map((name) => closeMessage("statement", name)), syncMessage], ignoreAnswer);
}

function connectError(shard: ShardName, error: unknown): Error {
  if (error instanceof SqlError) return error;
  return new AppError("shard-unreachable", `could not connect to shard "${shard}"`, { retry: "safe", cause: error });
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  assert(error instanceof Error, "something other than an error was thrown");
  return new AppError("no-connection", error.message, { retry: "safe", cause: error });
}

function shuttingDown(): SqlError {
  return new SqlError({ severity: "FATAL", code: "57P01", message: "the gateway is shutting down" });
}
