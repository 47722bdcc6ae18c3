// Ends a part of a transaction that nobody seems to end. The keeper, whose name is in the gid, has the decision; where it
// has none, asking it makes one. So it does not matter whether the gateway is dead, slow, or cut off, nor how many
// resolvers are at work.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { isClientPart } from "./client-prepared.ts";
import { decide, finishPreparedNow, type Outcome } from "./finish-prepared.ts";
import { parseGid } from "./gid.ts";
import { resolveClientPart } from "./resolve-client-prepared.ts";

/** One part of a distributed transaction, as a shard shows it. */
export interface PreparedPart {
  readonly shard: ShardName;
  readonly database: string;
  readonly gid: string;
  readonly owner: string;
  readonly ageSeconds: number;
}

export interface Resolution extends PreparedPart {
  /** undefined: it could not be ended now; `reason` says why. */
  readonly outcome: Outcome | undefined;
  readonly reason?: unknown;
}

/** Ends one part by the rule; undefined: it is a client's, who is to end it. Never rejects. */
export async function resolvePart(
  part: PreparedPart,
  { ask }: { readonly ask: AdminQuery },
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
