// Transactions that clients prepare themselves: what all files about them have in common.
//
// PostgreSQL's own prepared transaction on the home shard, under the client's gid, *is* the transaction: who may end it, in
// which database, whether its name is free, whether it survives a restart, all that is PostgreSQL's own. The other shards'
// parts have a gid of ours that names the home shard as keeper and, in its origin, the transaction id at home. The commit
// record is in every part, home's too: so COMMIT PREPARED at home is the decision, as the keeper's COMMIT is otherwise.
//
// Each has an origin of its own, since it may stay prepared for days, and must not hold back what is closed.
import type { ShardName } from "../topology/snapshot.ts";
import { formatGid, gidPrefix, parseGid } from "./gid.ts";

export function clientOriginOf(xid: string, preparedAtMs: number): string {
  return `c-${xid}_${preparedAtMs.toString(36)}`;
}

/** The gid of the parts that are not at home. */
export function clientPartGid(clusterId: string, origin: string, home: ShardName): string {
  return formatGid({ clusterId, origin, number: 1, keeper: home });
}

/** What the gids of the parts of one transaction begin with. */
export function clientPartPrefix(clusterId: string, xid: string): string {
  return `${gidPrefix(clusterId)}c-${xid}_`;
}

/** No gateway has a name that begins like this. */
export function isClientOrigin(origin: string): boolean {
  return origin.startsWith("c-");
}

export function isClientPart(gid: string): boolean {
  return isClientOrigin(parseGid(gid)?.origin ?? "");
}

/** Whether p of pg_prepared_xacts at home is the client's own of the part with the gid that the SQL expression gives. */
export function isClientsSql(gid: string): string {
  return `'c-' || p.transaction::text = pg_catalog.split_part(${gid}, '_', 3)`;
}

/**
 * Joins pg_prepared_xacts p with what p has written to, as l.relation. A prepared transaction keeps its locks, and nothing
 * else tells what it has done: the lock on shardgres.commits says that it has other parts, the one on shardgres.tables that
 * it has changed the catalog (every such change deletes what is left of dropped tables there).
 */
export const joinWrittenTablesSql = `LEFT JOIN (pg_catalog.pg_locks AS own JOIN pg_catalog.pg_locks AS l
    ON l.virtualtransaction = own.virtualtransaction AND l.locktype = 'relation' AND l.mode = 'RowExclusiveLock')
  ON own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.transactionid = p.transaction`;
