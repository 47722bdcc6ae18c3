// The connections of all tablets: to primaries for whoever does not say otherwise, and for reads that may go to standbys.
// Which tablet such a read goes to is decided anew for every connection that is asked for, in turns. Each standby has its
// own pool, as if it were a shard.
import type { ServerConnection } from "../pgclient/server-connection.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { Shard, ShardName, Tablet, Topology } from "../topology/snapshot.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { openStandby } from "./open-standby.ts";
import type { AcquireOptions, Lease, Pool, Submission, Traveller } from "./pool.ts";
import type { ReadOptions } from "./read-options.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { PoolLimits } from "./shard-connections.ts";
import type { StandbyWatch } from "./standby-watch.ts";

/** insufficient_resources by the pool: the standby is there, and busy. */
const noneFree = "53300";

export class TabletPool implements Pool {
  readonly watch: StandbyWatch;
  readonly #topology: () => Topology;
  readonly #primaries: Pool;
  readonly #standbys: ConnectionPool;
  #asShards: { readonly topology: Topology; readonly tablets: Topology } | undefined;
  #turn = 0;

  constructor(topology: () => Topology, primaries: Pool, watch: StandbyWatch, limits: Partial<PoolLimits> = {}) {
    this.#topology = topology;
    this.#primaries = primaries;
    this.watch = watch;
    this.#standbys = new ConnectionPool(() => this.#tabletsAsShards(), { ...limits, open: openStandby });
  }

  submit(submission: Submission): void {
    this.#primaries.submit(submission);
  }

  isHeld(shard: ShardName): boolean {
    return this.#primaries.isHeld(shard);
  }

  acquire(shard: ShardName, traveller: Traveller, options: AcquireOptions = {}): Promise<Lease> {
    const { read } = options;
    return read === undefined
      ? this.#primaries.acquire(shard, traveller, options)
      : this.#acquireForRead(shard, traveller, options, read);
  }

  async #acquireForRead(
    shard: ShardName,
    traveller: Traveller,
    options: AcquireOptions,
    read: ReadOptions,
  ): Promise<Lease> {
    const { failed = new Set<string>(), signal } = options;
    // Another tablet will do sooner than one that is away.
    const impatient = { ...traveller, holdTimeoutMs: 0 };
    for (let reason: unknown; ; ) {
      const tablet = await this.#choose(shard, read, failed, signal, reason);
      if (tablet === undefined) return this.#primaries.acquire(shard, traveller, options);
      const key = standbyKey(shard, tablet.name);
      try {
        return new StandbyLease(shard, tablet, await this.#standbys.acquire(key, impatient, options));
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof SqlError && error.fields.code === noneFree) throw error;
        // A role or a database that it does not have yet does not concern others.
        if (error instanceof SqlError) this.watch.isAway(shard, tablet);
        failed.add(key);
        reason = error;
      }
    }
  }

  /** See ConnectionPool. */
  retire(matches: (login: { database: string; user: string }) => boolean): void {
    this.#standbys.retire(matches);
  }

  topologyChanged(): void {
    this.#standbys.topologyChanged();
  }

  close(): void {
    this.watch.close();
    this.#standbys.close();
  }

  /** undefined: the primary. Rejects with `reason`, or 57P03, when there is nobody. */
  async #choose(
    shard: ShardName,
    { from, lagMaxMs, patienceMs }: ReadOptions,
    failed: ReadonlySet<string>,
    signal: AbortSignal | undefined,
    reason: unknown,
  ): Promise<Tablet | undefined> {
    const willDo = ({ name }: Tablet) => !failed.has(standbyKey(shard, name));
    const standbys = await this.watch.wait(shard, lagMaxMs, from === "standby" ? patienceMs : 0, signal, willDo);
    const all = from === "any" ? [...standbys, undefined] : standbys;
    if (all.length > 0) return all[this.#turn++ % all.length];
    if (from !== "standby") return undefined;
    throw reason ?? new NoStandby(shard, this.#topology().shards.get(shard));
  }

  /**
   * A topology in which every tablet is the primary of a shard of its own, and never another one: what is read from a
   * standby goes on while it is promoted.
   */
  #tabletsAsShards(): Topology {
    const topology = this.#topology();
    if (this.#asShards?.topology === topology) return this.#asShards.tablets;
    const shards = new Map<ShardName, Shard>();
    for (const { switchover: _, ...shard } of topology.shards.values()) {
      for (const tablet of shard.tablets) {
        const name = standbyKey(shard.name, tablet.name);
        shards.set(name, { ...shard, name, term: 0, primary: tablet, tablets: [tablet] });
      }
    }
    this.#asShards = { topology, tablets: { ...topology, shards } };
    return this.#asShards.tablets;
  }
}

class StandbyLease implements Lease {
  readonly shard: ShardName;
  readonly standby: string;
  readonly #lease: Lease;

  constructor(shard: ShardName, { name }: Tablet, lease: Lease) {
    this.shard = shard;
    this.standby = name;
    this.#lease = lease;
  }

  get connection(): ServerConnection {
    return this.#lease.connection;
  }

  get settings(): SessionSettings {
    return this.#lease.settings;
  }

  set settings(settings: SessionSettings) {
    this.#lease.settings = settings;
  }

  onLost(listener: () => void): void {
    this.#lease.onLost(listener);
  }

  release(): void {
    this.#lease.release();
  }

  discard(): void {
    this.#lease.discard();
  }
}

/** No shard has such a name. */
export function standbyKey(shard: ShardName, tablet: string): ShardName {
  return `${shard}'s standby ${tablet}` as ShardName;
}

/** cannot_connect_now. */
export class NoStandby extends SqlError {
  constructor(name: ShardName, shard: Shard | undefined) {
    const isAlone = shard !== undefined && shard.tablets.length < 2;
    super({
      code: "57P03",
      message: isAlone
        ? `shard "${name}" has no standby`
        : `no standby of shard "${name}" is within shardgres.max_standby_lag`,
      hint: "With shardgres.read_from set to prefer-standby the primary is read where there is no standby.",
    });
  }
}
