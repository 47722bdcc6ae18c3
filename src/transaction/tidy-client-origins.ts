// Housekeeping for transactions that clients have prepared, in one database of all shards. Each has an origin of its own,
// which the gateway closes when it has ended; where the gateway died over it, that is found out here.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { acknowledgedByAll } from "./acknowledged.ts";
import { clientPartGid } from "./client-prepared.ts";
import { gidPrefix, parseGid } from "./gid.ts";
import { decideUnlessPrepared } from "./resolve-client-prepared.ts";

export interface TidyContext {
  readonly clusterId: string;
  readonly home: ShardName;
  readonly database: string;
  /** All of the cluster. */
  readonly shards: readonly ShardName[];
  readonly ask: AdminQuery;
  /** A gateway takes less to prepare a transaction, and to end one. */
  readonly silentSeconds: number;
  /** What is closed is kept for so long. */
  readonly keepSeconds: number;
}

/**
 * Closes the origins of transactions that nobody has closed when they ended, and forgets what has been closed for long.
 * Rejects when a shard does not answer, for without all of them nothing can be said.
 */
export async function tidyClientOrigins(context: TidyContext): Promise<void> {
  const { clusterId, home, database, shards, ask, silentSeconds } = context;
  const old = await knownOrigins(context, "closed = 0", silentSeconds);
  /** Decided, so no part of them is prepared from now on that would not be rolled back. */
  const decided: string[] = [];
  for (const origin of old) {
    const gid = clientPartGid(clusterId, origin, home);
    if ((await decideUnlessPrepared(ask, home, database, gid)) !== undefined) decided.push(origin);
  }
  const left = await leftParts(context);
  if (decided.length > 0) await acknowledgedByAll(ask, shards, database);
  for (const origin of decided) {
    if (left.has(clientPartGid(clusterId, origin, home))) continue;
    await Promise.all(shards.map((shard) => ask(shard, database, "SELECT shardgres.announce($1, 1)", [origin])));
  }
  await forget(context);
}

/** A part may be prepared again after its shard has got another primary: what says that none is there must survive as well. */
async function forget(context: TidyContext): Promise<void> {
  const { shards, database, ask, keepSeconds } = context;
  if ((await knownOrigins(context, "closed >= 1", keepSeconds)).size === 0) return;
  const left = [...(await leftParts(context))].map((gid) => parseGid(gid)!.origin);
  const open = [...(await knownOrigins(context, "closed = 0", 0)), ...left];
  await acknowledgedByAll(ask, shards, database);
  await Promise.all(
    shards.map((shard) =>
      ask(shard, database, "SELECT shardgres.forget_client_transactions($1, pg_catalog.make_interval(secs => $2))", [
        open,
        keepSeconds,
      ]),
    ),
  );
}

async function knownOrigins(
  { ask, shards, database }: TidyContext,
  which: "closed = 0" | "closed >= 1",
  olderThanSeconds: number,
): Promise<Set<string>> {
  return union(shards, (shard) =>
    ask(
      shard,
      database,
      `SELECT origin FROM shardgres.origins WHERE pg_catalog.starts_with(origin, 'c-') AND ${which}
           AND announced_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1)`,
      [olderThanSeconds],
    ),
  );
}

async function leftParts({ clusterId, shards, ask }: TidyContext): Promise<Set<string>> {
  return union(shards, (shard) =>
    ask(shard, "postgres", "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE pg_catalog.starts_with(gid, $1)", [
      `${gidPrefix(clusterId)}c-`,
    ]),
  );
}

/** The first column of what every shard answers. Rejects unless all of them answer. */
async function union(
  shards: readonly ShardName[],
  read: (shard: ShardName) => ReturnType<AdminQuery>,
): Promise<Set<string>> {
  const answers = await Promise.all(shards.map(read));
  return new Set(answers.flat().map(([value]) => value!));
}
