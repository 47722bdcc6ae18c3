// What a statement over several shards does while one of them has no primary: it waits for that one before it takes
// connections to the others, where it would hold up those who want nothing but them. Reads from standbys do not need one.
import type { ShardName } from "../src/topology/snapshot.ts";
import type { Session } from "./session.ts";

/** undefined: there is nothing to wait for. Rejects when the hold timeout is over, or with the reason of an interrupt. */
export function untilReachable(session: Session, shards: readonly ShardName[]): Promise<void> | undefined {
  const { gateway, transaction, reads } = session;
  if (transaction.isOnStandbys || reads.ofTransaction !== undefined) return undefined;
  const isMissing = (shard: ShardName) => gateway.pool.isHeld(shard) && !transaction.participants.has(shard);
  return shards.some(isMissing) ? untilThere(session, shards.filter(isMissing)) : undefined;
}

async function untilThere(session: Session, missing: readonly ShardName[]): Promise<void> {
  const { gateway, interrupts } = session;
  const heldSince = Date.now();
  for (const shard of missing) {
    const lease = await gateway.pool.acquire(shard, session.traveller(), { signal: interrupts.signal, heldSince });
    lease.release();
  }
}
