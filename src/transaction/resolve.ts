// Ends what nobody seems to end: transactions that are prepared on some shard for longer than patience allows. The keeper,
// whose name is in the gid, has the decision; where it has none, asking it makes one. So it does not matter whether the
// gateway is dead, slow, or cut off, nor how many resolvers are at work.
import type { Log } from "../base/log.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { isClientPart } from "./client-prepared.ts";
import { decide, finishPreparedNow, type Outcome } from "./finish-prepared.ts";
import { gidPrefix, parseGid } from "./gid.ts";
import { resolveClientPart } from "./resolve-client-prepared.ts";

/** One part of a distributed transaction, as a shard shows it. */
export interface PreparedPart {
  readonly shard: ShardName;
  readonly database: string;
  readonly gid: string;
  readonly owner: string;
  readonly ageSeconds: number;
}

export interface ResolverContext {
  readonly clusterId: string;
  readonly shards: readonly ShardName[];
  readonly ask: AdminQuery;
  readonly log: Log;
}

export interface Resolution extends PreparedPart {
  /** undefined: it could not be ended now; `reason` says why. */
  readonly outcome: Outcome | undefined;
  readonly reason?: unknown;
}

/** The parts of this cluster's transactions that are prepared on a shard, oldest first. Rejects as `pg` does. */
export async function preparedParts(
  { clusterId, ask }: Pick<ResolverContext, "clusterId" | "ask">,
  shard: ShardName,
): Promise<PreparedPart[]> {
  const rows = await ask(
    shard,
    "postgres",
    `SELECT gid, database, owner, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - prepared)
     FROM pg_catalog.pg_prepared_xacts WHERE pg_catalog.starts_with(gid, $1) ORDER BY prepared`,
    [gidPrefix(clusterId)],
  );
  return rows
    .map(([gid, database, owner, age]) => ({
      shard,
      gid: gid!,
      database: database!,
      owner: owner!,
      ageSeconds: Number(age),
    }))
    .filter(({ gid }) => parseGid(gid) !== undefined);
}

/** Ends one part by the rule; undefined: it is a client's, who is to end it. Never rejects. */
export async function resolvePart(
  part: PreparedPart,
  { ask }: Pick<ResolverContext, "ask">,
): Promise<Resolution | undefined> {
  if (isClientPart(part.gid)) return resolveClientPart(part, { ask });
  const { shard, database, gid } = part;
  try {
    const outcome = await decide(ask, parseGid(gid)!.keeper, database, gid);
    await finishPreparedNow(ask, shard, database, gid, outcome);
    return { ...part, outcome };
  } catch (reason) {
    return { ...part, outcome: undefined, reason };
  }
}

/**
 * Looks at all shards once and ends what has been prepared for longer than `patienceSeconds`. A shard that does not answer
 * is left for the next time.
 */
export async function resolveOnce(context: ResolverContext, patienceSeconds: number): Promise<Resolution[]> {
  const { shards, log } = context;
  const resolutions = await Promise.all(
    shards.map(async (shard) => {
      const parts = await preparedParts(context, shard).catch((error: unknown) => {
        log.warn({ shard, err: error }, "shard cannot be asked for prepared transactions");
        return [];
      });
      const done: Resolution[] = [];
      for (const part of parts) {
        if (part.ageSeconds < patienceSeconds) continue;
        const resolution = await resolvePart(part, context);
        if (resolution === undefined) continue;
        const { gid, outcome, reason } = resolution;
        if (outcome === undefined) log.warn({ gid, shard, err: reason }, "transaction stays in doubt");
        else log.info({ gid, shard, outcome }, "transaction resolved");
        done.push(resolution);
      }
      return done;
    }),
  );
  return resolutions.flat();
}
