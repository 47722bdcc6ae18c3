// The connections to the primary of one shard, and those who wait for one. A connection is in exactly one place: opening,
// idle, or in use (by a submission or a lease); `giveBack` and `#fromIdle` move it.
//
// Whether anybody is given one:
//   open        yes; connections are opened as they are needed
//   switching   no: the topology says that another tablet is about to become primary. Who has one keeps it, and those that
//               nobody uses are closed, so that the primary can see who has not heard of it yet
//   away        no: the last attempt to open one failed. There is one attempt after the other, and at once when the topology
//               names another primary, until one succeeds
// Who waits while it is not open gives up when its hold timeout is over.
import { AppError } from "../base/app-error.ts";
import { backoff } from "../base/backoff.ts";
import type { ServerConnection } from "../pgclient/server-connection.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { closeMessage, syncMessage } from "../pgwire/frontend-encode.ts";
import { transactionStatus } from "../pgwire/message-type.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { Shard, ShardName } from "../topology/snapshot.ts";
import { heldTooLong, mayPass } from "./may-pass.ts";
import type { openPrimary } from "./open-primary.ts";
import type { AcquireOptions, Traveller } from "./pool.ts";
import { PooledConnection } from "./pooled-connection.ts";
import { ignoreAnswer, runSimple } from "./run-simple.ts";
import { settingsDifference } from "./session-settings.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

export interface PoolLimits {
  /** Connections to one shard that callers may open. */
  readonly perShardMax: number;
  /** The limit for callers that hold connections to other shards already. */
  readonly perShardHardMax: number;
  readonly connectTimeoutMs: number;
  /** How long a caller waits for a connection before it gets 53300. */
  readonly waitTimeoutMs: number;
  /** An idle connection is closed after this time. */
  readonly idleTimeoutMs: number;
  /** How long those wait for a primary who do not say how long. */
  readonly holdTimeoutMs: number;
  /** Opens a connection to the primary, or whatever it is that this pool has connections to. */
  readonly open: typeof openPrimary;
}

const retryPause = { firstMs: 50, maxMs: 500 };
/** A primary that has just been named is about to be promoted: for so long it is tried more often. */
const [soonMs, soonPauseMs] = [3_000, 30];
/** For so long a new primary may let nobody write; later somebody has wanted it so. */
const readOnlyMs = 5_000;
/** Connections that turn out to be lost, one after the other, before a caller is told. */
const lostMax = 5;

export class ShardConnections {
  readonly name: ShardName;
  /** Most recently used last, so that few connections stay busy and the others can go. */
  readonly #idle: PooledConnection[] = [];
  readonly #all = new Set<PooledConnection>();
  /** For whom each has been begun; whoever comes first may be given it. */
  readonly #openings = new Map<Waiter, AbortController>();
  readonly #line: WaitingLine;
  readonly #limits: PoolLimits;
  readonly #shardNow: () => Shard | undefined;
  #shard: Shard | undefined;
  /** From then on it is used even if it lets nobody write; undefined: it has not been seen to be so. */
  #readOnlyFrom: number | undefined;
  #isSwitching: boolean;
  /** Why the last attempt failed. */
  #away: { readonly reason: unknown } | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #pause = backoff(retryPause);
  /** When the topology has named another primary. */
  #namedAt = Number.NEGATIVE_INFINITY;
  /** How often connections have been retired. */
  #retirements = 0;
  #isClosed = false;

  /** `shardNow`: as the topology has it. */
  constructor(name: ShardName, shardNow: () => Shard | undefined, limits: PoolLimits) {
    this.name = name;
    this.#limits = limits;
    this.#shardNow = shardNow;
    this.#shard = shardNow();
    this.#isSwitching = this.#shard?.switchover !== undefined;
    this.#line = new WaitingLine(limits.waitTimeoutMs, ({ holdMs }) =>
      heldTooLong(name, this.#isSwitching ? undefined : this.#away?.reason, holdMs),
    );
  }

  get counts(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    return { open: this.#all.size, idle: this.#idle.length, waiting: this.#line.length };
  }

  /** Who asks now has to wait for a primary. */
  get isHeld(): boolean {
    return this.#isSwitching || this.#away !== undefined;
  }

  /** One that can be used as it is, at once. */
  ready(traveller: Traveller): PooledConnection | undefined {
    const at = this.#idle.findLastIndex(
      ({ loginKey, settings }) => loginKey === traveller.loginKey && settings.key === traveller.settings.key,
    );
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** One with the traveller's settings in force, for exclusive use. */
  async take(traveller: Traveller, options: AcquireOptions): Promise<PooledConnection> {
    const { signal } = options;
    for (let tries = 1; ; tries++) {
      // One that was idle may be lost, and so may be the others: nothing of the caller's has been sent.
      const pooled = await this.#any(traveller, tries === 1 ? options : { ...options, isFresh: true });
      const change = settingsDifference(pooled.settings, traveller.settings);
      if (change === "") return pooled;
      const giveUp = () => pooled.connection.sever(signal?.reason as Error);
      signal?.addEventListener("abort", giveUp);
      try {
        await runSimple(pooled.connection, change);
        pooled.settings = traveller.settings;
        return pooled;
      } catch (error) {
        this.discard(pooled);
        signal?.throwIfAborted();
        const isLost = error instanceof AppError;
        // The statement_timeout of whom it served last may have been too short.
        const mayTryAgain = isLost || (error instanceof ShardError && error.fields.code === "57014");
        if (!mayTryAgain || tries >= lostMax) throw isLost ? connectError(this.name, error) : error;
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
    }
  }

  /** Closes those that match as they become idle; those that are idle now at once. */
  retire(matches: (login: { database: string; user: string }) => boolean): void {
    this.#retirements++;
    for (const pooled of [...this.#all]) {
      if (!matches(pooled.connection.login)) continue;
      pooled.isRetired = true;
      if (this.#idle.includes(pooled)) this.discard(pooled);
    }
  }

  /** The topology has changed, or may have. */
  topologyChanged(): void {
    const before = this.#shard;
    const shard = this.#shardNow();
    this.#shard = shard;
    const hasSwitched = this.#isSwitching && shard?.switchover === undefined;
    this.#isSwitching = shard?.switchover !== undefined;
    if (isAnotherPrimary(before, shard)) this.#follow(shard);
    // Where it has been called off the primary is the one that was there before.
    else if (hasSwitched && this.#away === undefined) this.#line.release(true);
    if (this.#isSwitching) for (const pooled of [...this.#idle]) this.discard(pooled);
    if (this.isHeld) this.#hold();
    else this.#line.release(false);
    this.#handOut();
  }

  /** For who does not use it any more: to the first who waits for it, or to the idle ones. */
  giveBack(pooled: PooledConnection, isNew = false): void {
    const { connection } = pooled;
    if (connection.isClosed) return;
    if (connection.isCancelling) {
      connection.afterCancel(() => this.giveBack(pooled, isNew));
      return;
    }
    const isUsable = connection.status === transactionStatus.idle && connection.inFlight === 0 && !pooled.isRetired;
    if (
      !isUsable ||
      this.#isClosed ||
      this.#isSwitching ||
      pooled.term < (this.#shardNow()?.term ?? Number.POSITIVE_INFINITY)
    ) {
      this.discard(pooled);
      return;
    }
    closeSurplusStatements(connection);
    const fits = (waiter: Waiter) => mayUse(waiter, pooled, isNew);
    // It goes beyond the limit for the sake of somebody who may.
    const isBeyond = isNew && this.#all.size > this.#limits.perShardMax;
    const next =
      (isBeyond ? this.#line.leave((waiter) => waiter.options.holdsOthers === true && fits(waiter)) : undefined) ??
      this.#line.leave(fits);
    if (next !== undefined) {
      next.use(pooled);
      return;
    }
    pooled.idleSince = Date.now();
    this.#idle.push(pooled);
    this.#serve();
  }

  discard(pooled: PooledConnection): void {
    this.#forget(pooled);
    pooled.connection.close();
  }

  /** To be called now and again: closes what nobody uses, and ends the waiting of those who have waited too long. */
  tidy(): void {
    const now = Date.now();
    for (const pooled of [...this.#idle]) {
      if (now - pooled.idleSince > this.#limits.idleTimeoutMs) this.discard(pooled);
    }
    this.#line.endWaits(noneFree);
  }

  close(reason: Error): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#line.close(reason);
    for (const opening of this.#openings.values()) opening.abort(reason);
    for (const pooled of [...this.#all]) this.discard(pooled);
  }

  #any(traveller: Traveller, options: AcquireOptions): Promise<PooledConnection> {
    const { signal, isFresh } = options;
    const idle = isFresh === true ? undefined : this.#fromIdle(traveller);
    if (idle !== undefined) return Promise.resolve(idle);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return this.#line.wait(traveller, options, traveller.holdTimeoutMs ?? this.#limits.holdTimeoutMs, (waiter) => {
      this.#serve();
      if (this.isHeld && !this.#waitsAnyway(waiter)) this.#line.holdOne(waiter);
    });
  }

  /** Opens connections for those who wait, as far as the limits allow. */
  #serve(): void {
    if (this.#isClosed || this.#isSwitching || this.#retry !== undefined) return;
    const openingMax = this.#away === undefined ? Number.POSITIVE_INFINITY : 1;
    while (this.#openings.size < Math.min(this.#line.length, openingMax)) {
      const [count, idle] = [this.#all.size + this.#openings.size, this.#idle.length];
      const among = count - idle < this.#limits.perShardMax ? "all" : "holders";
      const waiter = this.#line.find(among, (each) => count - idle < this.#limitOf(each) && !this.#openings.has(each));
      if (waiter === undefined) return;
      if (count < this.#limitOf(waiter)) void this.#open(waiter);
      // Somebody else's idle connection makes room, which has been used already when this returns.
      else this.discard(this.#idle[0]!);
    }
  }

  #limitOf({ options }: Waiter): number {
    return options.holdsOthers === true ? this.#limits.perShardHardMax : this.#limits.perShardMax;
  }

  async #open(waiter: Waiter): Promise<void> {
    const { traveller } = waiter;
    const opening = new AbortController();
    this.#openings.set(waiter, opening);
    const { signal } = opening;
    const retirements = this.#retirements;
    try {
      const opened = await this.#limits.open(this.name, this.#shardNow(), traveller.login, {
        timeoutMs: this.#limits.connectTimeoutMs,
        signal,
        mayBeReadOnly: this.#readOnlyFrom !== undefined && Date.now() >= this.#readOnlyFrom,
      });
      if (!signal.aborted) this.#openings.delete(waiter);
      const pooled = new PooledConnection(opened, traveller.loginKey);
      // It may have been opened with what does not hold any more.
      pooled.isRetired = retirements !== this.#retirements;
      this.#all.add(pooled);
      opened.connection.onClose(() => this.#forget(pooled));
      if (!signal.aborted) this.#isThere();
      this.giveBack(pooled, true);
    } catch (error) {
      // When it was given up the next one is under way.
      if (signal.aborted) return;
      this.#openings.delete(waiter);
      if (error instanceof AppError && error.code === "read-only-primary")
        this.#readOnlyFrom ??= Date.now() + readOnlyMs;
      if (mayPass(error)) {
        this.#isAway(error);
        return;
      }
      this.#isThere();
      // The one for whom it was opened learns why; the others get their own try.
      this.#line
        .leave((waiter) => waiter.traveller.loginKey === traveller.loginKey)
        ?.fail(connectError(this.name, error));
    }
    this.#serve();
  }

  #isAway(reason: unknown): void {
    this.#away = { reason };
    const isSoon = Date.now() - this.#namedAt < soonMs;
    this.#retry ??= setTimeout(
      () => {
        this.#retry = undefined;
        this.#serve();
      },
      isSoon ? soonPauseMs : this.#pause.next(),
    ).unref();
    this.#hold();
  }

  #isThere(): void {
    this.#away = undefined;
    this.#tryAtOnce();
    if (!this.#isSwitching) this.#line.release(true);
  }

  #tryAtOnce(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#pause.reset();
  }

  /** Everything that has to do with an older term ends now; whether the new primary is there an attempt will tell. */
  #follow(shard: Shard | undefined): void {
    this.#readOnlyFrom = undefined;
    this.#namedAt = Date.now();
    const reason = new Error(`shard "${this.name}" has another primary now`);
    for (const opening of this.#openings.values()) opening.abort(reason);
    this.#openings.clear();
    this.#tryAtOnce();
    for (const pooled of [...this.#all]) {
      if (shard !== undefined && pooled.term >= shard.term) continue;
      if (this.#idle.includes(pooled)) this.discard(pooled);
      else pooled.connection.sever(reason);
    }
  }

  #hold(): void {
    this.#line.hold((waiter) => this.#waitsAnyway(waiter));
  }

  /** Who waits for no primary at all still waits for the attempt that is under way. */
  #waitsAnyway({ holdMs }: Waiter): boolean {
    return holdMs === 0 && this.#openings.size > 0 && !this.#isSwitching;
  }

  /** What is idle to those who wait for it, and new ones to the others. */
  #handOut(): void {
    while (this.#idle.length > 0) {
      const pooled = this.#idle.find((each) => this.#line.has((waiter) => mayUse(waiter, each, false)));
      if (pooled === undefined) break;
      this.#idle.splice(this.#idle.indexOf(pooled), 1);
      this.giveBack(pooled);
    }
    this.#serve();
  }

  #fromIdle(traveller: Traveller): PooledConnection | undefined {
    let other = -1;
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const pooled = this.#idle[i]!;
      if (pooled.loginKey !== traveller.loginKey) continue;
      if (pooled.settings.key === traveller.settings.key) {
        other = i;
        break;
      }
      if (other < 0) other = i;
    }
    return other < 0 ? undefined : this.#idle.splice(other, 1)[0];
  }

  #forget(pooled: PooledConnection): void {
    if (!this.#all.delete(pooled)) return;
    const at = this.#idle.indexOf(pooled);
    if (at >= 0) this.#idle.splice(at, 1);
    pooled.onLost?.();
    this.#serve();
  }
}

function mayUse({ traveller, options }: Waiter, { loginKey }: PooledConnection, isNew: boolean): boolean {
  return traveller.loginKey === loginKey && (isNew || options.isFresh !== true);
}

function isAnotherPrimary(before: Shard | undefined, after: Shard | undefined): boolean {
  const [was, is] = [before?.primary, after?.primary];
  return (
    before?.term !== after?.term ||
    was?.name !== is?.name ||
    was?.address.host !== is?.address.host ||
    was?.address.port !== is?.address.port
  );
}

function closeSurplusStatements(connection: ServerConnection): void {
  const surplus = connection.prepared.surplus();
  if (surplus.length === 0) return;
  for (const name of surplus) connection.prepared.delete(name);
  connection.request([...surplus.map((name) => closeMessage("statement", name)), syncMessage], ignoreAnswer);
}

function connectError(shard: ShardName, error: unknown): Error {
  if (error instanceof SqlError) return error;
  return new AppError("shard-unreachable", `could not connect to shard "${shard}"`, { retry: "safe", cause: error });
}

function noneFree(): SqlError {
  return new SqlError({
    code: "53300",
    message: "no connection to the shard became free in time",
    hint: "End long transactions, or raise the gateway's limit of connections per shard.",
  });
}
