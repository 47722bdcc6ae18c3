// One pass of a resolver over all shards, at once and in order: what the controller does, without its lanes and its clock.
import type { AdminQuery } from "../../src/pool/admin-connections.ts";
import type { ShardName } from "../../src/topology/snapshot.ts";
import { parseGid } from "../../src/transaction/gid.ts";
import { preparedOnShard } from "../../src/transaction/prepared-transactions.ts";
import { type Resolution, resolvePart } from "../../src/transaction/resolve.ts";

export interface ResolverContext {
  readonly clusterId: string;
  readonly shards: readonly ShardName[];
  readonly ask: AdminQuery;
}

/** Ends all that is prepared of this cluster, however young. A shard that does not answer is left for the next time. */
export async function resolveOnce({ clusterId, shards, ask }: ResolverContext): Promise<Resolution[]> {
  const resolutions = await Promise.all(
    shards.map(async (shard) => {
      const done: Resolution[] = [];
      const { prepared } = await preparedOnShard(ask, shard).catch(() => ({ prepared: [] }));
      for (const part of prepared) {
        if (parseGid(part.gid)?.clusterId !== clusterId) continue;
        const resolution = await resolvePart(part, { ask });
        if (resolution !== undefined) done.push(resolution);
      }
      return done;
    }),
  );
  return resolutions.flat();
}
