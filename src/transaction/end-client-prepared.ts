// What comes after COMMIT PREPARED or ROLLBACK PREPARED of a client at home: the other shards' parts end in the same way, by
// the rule that the resolver has, at once. What is not reached within a second is left to the resolver.
import { backoff } from "../base/backoff.ts";
import { delay } from "../base/delay.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { clientPartPrefix } from "./client-prepared.ts";
import { within } from "./commit-two-phase.ts";
import type { CoordinatorOptions } from "./coordinator.ts";
import { parseGid } from "./gid.ts";
import { resolveClientPart } from "./resolve-client-prepared.ts";

/** How long the client waits. */
const waitMs = 1_000;

/**
 * `xid`: of the transaction at home, which has ended, with `isCommit` by COMMIT PREPARED. Resolves with the shards where a
 * part may still be prepared.
 */
export async function endOtherParts(
  xid: string,
  isCommit: boolean,
  home: ShardName,
  options: CoordinatorOptions,
): Promise<readonly ShardName[]> {
  const left = new Set([...options.shards()].filter((shard) => shard !== home));
  const origins = new Set<string>();
  const giveUp = new AbortController();
  const ending = Promise.all(
    [...left].map(async (shard) => {
      const pause = backoff({ firstMs: 20, maxMs: 500 });
      while (!giveUp.signal.aborted) {
        try {
          if (await endPartsOn(shard, xid, isCommit, options, origins)) {
            left.delete(shard);
            return;
          }
        } catch {
          // The shard is away, or somebody else is just ending the part.
        }
        await delay(pause.next());
      }
    }),
  ).then(() => {
    if (left.size > 0) return;
    for (const origin of origins) void closeClientOrigin(origin, options);
  });
  await within(ending, waitMs);
  giveUp.abort();
  return [...left];
}

/** True when none is left there. Rejects when the shard cannot be asked. */
async function endPartsOn(
  shard: ShardName,
  xid: string,
  isCommit: boolean,
  { clusterId, database, ask }: CoordinatorOptions,
  origins: Set<string>,
): Promise<boolean> {
  const rows = await ask(
    shard,
    database,
    `SELECT gid, owner FROM pg_catalog.pg_prepared_xacts
     WHERE pg_catalog.starts_with(gid, $1) AND database = pg_catalog.current_database()`,
    [clientPartPrefix(clusterId, xid)],
  );
  let isDone = true;
  for (const [gid, owner] of rows) {
    origins.add(parseGid(gid!)!.origin);
    const part = { shard, database, gid: gid!, owner: owner!, ageSeconds: 0 };
    const resolution = await resolveClientPart(part, { ask, isAcknowledged: isCommit });
    if (resolution?.outcome === undefined) isDone = false;
  }
  return isDone;
}

/** Nothing of it is prepared anywhere any more, and nothing will be. What a shard does not hear now, the controller says. */
export async function closeClientOrigin(
  origin: string,
  { shards, database, ask }: Pick<CoordinatorOptions, "shards" | "database" | "ask">,
): Promise<void> {
  await Promise.allSettled(
    [...shards()].map((shard) => ask(shard, database, "SELECT shardgres.announce($1, 1)", [origin])),
  );
}
