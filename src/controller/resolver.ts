// Ends this cluster's transactions that have been prepared for longer than a living gateway takes. Parts that wait for the
// same keeper on the same shard form a lane: one after the other, so that a keeper or a shard that hangs holds up only what
// needs it.
import type { Log } from "../base/log.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { parseGid } from "../transaction/gid.ts";
import type { PreparedOnShard, PreparedTransaction } from "../transaction/prepared-transactions.ts";
import { resolvePart } from "../transaction/resolve.ts";

export interface ResolverOptions {
  readonly clusterId: () => string;
  readonly ask: AdminQuery;
  /** Gives up the connections to a database: one that is in use cannot be dropped. */
  readonly forget: (database: string) => void;
  readonly log: Log;
  /** Whether it is time (again) to tell of the trouble with this key. */
  readonly isTimeToTell: (key: string) => boolean;
}

/** The gateway that a client tells to end his transaction ends all parts of it; this is for gateways that die over it. */
const heldForMs = 10_000;

/** A gateway ends its own much earlier; and if not, no harm is done. */
export const patienceSeconds = 2;

export class Resolver {
  readonly resolved = { committed: 0, aborted: 0 };
  /** Attempts that failed. */
  failures = 0;
  #options: ResolverOptions;
  #nowMs: () => number;
  /** Parts that are clients' to end, by gid and shard: when they are looked at again. */
  #held = new Map<string, number>();
  #lanes = new Map<string, Promise<void>>();
  /** That lanes have been in. */
  #databases = new Set<string>();

  constructor(options: ResolverOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** Of this cluster, and older than patience; but for what clients have prepared, which is in no doubt. */
  inDoubt(onShard: PreparedOnShard): PreparedTransaction[] {
    return this.#old(onShard).filter(({ gid, shard }) => !this.#held.has(`${gid} ${shard}`));
  }

  #old({ prepared }: PreparedOnShard): PreparedTransaction[] {
    const clusterId = this.#options.clusterId();
    return prepared.filter(
      ({ gid, ageSeconds }) => ageSeconds >= patienceSeconds && parseGid(gid)?.clusterId === clusterId,
    );
  }

  /** Begins with what the shards show; lanes that are still at it go on. */
  pass(shards: readonly PreparedOnShard[]): void {
    const now = this.#nowMs();
    const old = shards.flatMap((shard) => this.#old(shard));
    const present = new Set(old.map(({ gid, shard }) => `${gid} ${shard}`));
    const answered = new Set(shards.map(({ shard }) => shard));
    for (const key of this.#held.keys()) {
      if (!present.has(key) && answered.has(key.slice(key.indexOf(" ") + 1) as ShardName)) this.#held.delete(key);
    }
    const parts = old.filter(({ gid, shard }) => (this.#held.get(`${gid} ${shard}`) ?? now) <= now);
    for (const [lane, inLane] of Map.groupBy(parts, ({ gid, shard }) => `${parseGid(gid)!.keeper}>${shard}`)) {
      if (this.#lanes.has(lane)) continue;
      const done = this.#resolveInOrder(inLane).finally(() => this.#leave(lane));
      this.#lanes.set(lane, done);
    }
  }

  /** Resolves when no lane is at work. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }

  #leave(lane: string): void {
    this.#lanes.delete(lane);
    if (this.#lanes.size > 0) return;
    for (const database of this.#databases) this.#options.forget(database);
    this.#databases.clear();
  }

  async #resolveInOrder(parts: readonly PreparedTransaction[]): Promise<void> {
    const { ask, log, isTimeToTell } = this.#options;
    for (const part of parts) {
      const { gid, shard, database } = part;
      this.#databases.add(database);
      const resolution = await resolvePart(part, { ask });
      if (resolution === undefined) {
        this.#held.set(`${gid} ${shard}`, this.#nowMs() + heldForMs);
        continue;
      }
      this.#held.delete(`${gid} ${shard}`);
      const { outcome, reason } = resolution;
      if (outcome !== undefined) {
        this.resolved[outcome]++;
        log.info({ gid, shard, database, outcome }, "transaction resolved");
        continue;
      }
      this.failures++;
      if (isTimeToTell(`resolve ${gid} ${shard}`)) {
        log.warn({ gid, shard, database, err: reason }, "transaction stays in doubt; trying again");
      }
    }
  }
}
