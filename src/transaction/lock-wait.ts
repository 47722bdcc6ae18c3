// One backend that waits for a lock on its shard, as the shard itself tells.
import type { ShardName } from "../topology/snapshot.ts";
import type { LockName } from "./lock-words.ts";

export interface LockWait {
  readonly shard: ShardName;
  readonly pid: number;
  /** Backends that hold the lock, or stand before this one in the lock's queue; 0 is a prepared transaction. */
  readonly blockers: readonly number[];
  /** When it began (pg_locks.waitstart, as text): with shard and pid it tells this wait from every other one. */
  readonly since: string;
  readonly lock: LockName;
}

/**
 * All waits of one shard: run by a superuser, who sees all of them. In the moment between getting into the queue and
 * going to sleep a wait has no start yet; it is seen next time.
 */
export const lockWaitsSql = `
select pid, pg_catalog.pg_blocking_pids(pid) as blockers, extract(epoch from waitstart)::text as since,
  locktype, mode, database, relation, page, tuple, virtualxid, transactionid::text, classid, objid, objsubid
from pg_catalog.pg_locks where not granted and waitstart is not null`;

export type LockWaitRow = Omit<LockWait, "shard" | "lock"> & LockName;

export function lockWaitOf(shard: ShardName, { pid, blockers, since, ...lock }: LockWaitRow): LockWait {
  return { shard, pid, blockers, since, lock };
}

/** The same wait, not just another one of the same backend, has the same key. */
export function waitKey({ shard, pid, since }: Pick<LockWait, "shard" | "pid" | "since">): string {
  return `${shard} ${pid} ${since}`;
}

/** Process ids of different shards may be equal. */
export function backendKey(shard: ShardName, pid: number): string {
  return `${shard} ${pid}`;
}
