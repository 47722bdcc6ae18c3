// What a shard shows may be in nobody else's WAL: its primary has crashed, or a session has been ended, while the commit
// waited for standbys. The next primary would not have it. So nothing irrevocable may be done on other shards because of
// it until standbys have acknowledged it: they have when they acknowledge something that was written later.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";

/**
 * Less than an administrator's query may take: a session that is given up while it waits for a lock stays in the server. So
 * does one that waits for standbys, and therefore only a few are let so far.
 */
export const lockTimeout = "5s";

/** As in shardgres.decide, which says the same of its answer. */
const acknowledgeSql = `
  WITH patience AS MATERIALIZED (
    SELECT pg_catalog.set_config('lock_timeout', '${lockTimeout}', true),
      pg_catalog.set_config('synchronous_commit', 'on', true)
  ), turn AS MATERIALIZED (
    SELECT pg_catalog.pg_advisory_xact_lock(7308332, 8) FROM patience
  )
  SELECT pg_catalog.pg_logical_emit_message(true, 'shardgres', 'acknowledge this') FROM turn`;

interface Turns {
  readonly running: Promise<void>;
  /** Begins when that has ended, for all who have come since it began. */
  next: Promise<void> | undefined;
}

/** By shard and database. However many ask while standbys are away, no more than these wait. */
const turnsOf = new WeakMap<AdminQuery, Map<string, Turns>>();

/** Resolves when what the shard has shown until now survives its primary. Rejects when that takes long. */
export function acknowledged(ask: AdminQuery, shard: ShardName, database: string): Promise<void> {
  const all = turnsOf.get(ask) ?? new Map<string, Turns>();
  turnsOf.set(ask, all);
  const key = `${shard}/${database}`;
  const begin = (): Promise<void> => {
    const running = ask(shard, database, acknowledgeSql).then(() => {});
    const turns: Turns = { running, next: undefined };
    all.set(key, turns);
    const end = () => {
      if (turns.next === undefined) all.delete(key);
    };
    running.then(end, end);
    return running;
  };
  const turns = all.get(key);
  if (turns === undefined) return begin();
  turns.next ??= turns.running.then(begin, begin);
  return turns.next;
}

/** The same of all of them. */
export async function acknowledgedByAll(
  ask: AdminQuery,
  shards: readonly ShardName[],
  database: string,
): Promise<void> {
  await Promise.all(shards.map((shard) => acknowledged(ask, shard, database)));
}
