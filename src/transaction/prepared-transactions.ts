// What is prepared on a shard: PostgreSQL's own list, over all databases of the server, and the limits that it threatens.
// One cheap query, which whoever watches may ask every second.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";

export interface PreparedTransaction {
  readonly shard: ShardName;
  /** Of whatever form: clients and other programs prepare transactions as well. */
  readonly gid: string;
  readonly database: string;
  readonly owner: string;
  /** By the shard's clock. */
  readonly ageSeconds: number;
  /** Transactions that the shard has begun since: what they delete and replace cannot be vacuumed. */
  readonly xminAge: number;
}

export interface PreparedOnShard {
  readonly shard: ShardName;
  /** The oldest first. */
  readonly prepared: readonly PreparedTransaction[];
  /** max_prepared_transactions */
  readonly slots: number;
  /** autovacuum_freeze_max_age */
  readonly freezeMaxAge: number;
}

/** The limits are there also when nothing is prepared. */
const sql = `
select current_setting('max_prepared_transactions'), current_setting('autovacuum_freeze_max_age'),
  p.gid, p.database, p.owner, date_part('epoch', clock_timestamp() - p.prepared), age(p.transaction)
from (select) as limits left join pg_catalog.pg_prepared_xacts p on true
order by p.prepared`;

/** Rejects when the shard does not answer. */
export async function preparedOnShard(ask: AdminQuery, shard: ShardName): Promise<PreparedOnShard> {
  const rows = await ask(shard, "postgres", sql);
  const [slots, freezeMaxAge] = rows[0] ?? [];
  const prepared = rows.flatMap(([, , gid, database, owner, age, xminAge]): PreparedTransaction[] => {
    if (gid == null) return [];
    // A clock that has been put back must not make ages negative.
    const ageSeconds = Math.max(0, Number(age));
    return [{ shard, gid, database: database ?? "", owner: owner ?? "", ageSeconds, xminAge: Number(xminAge) }];
  });
  return { shard, prepared, slots: Number(slots), freezeMaxAge: Number(freezeMaxAge) };
}
