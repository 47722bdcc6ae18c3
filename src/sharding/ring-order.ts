// Which shards a bucket would rather be on: the order in which they follow it on a ring of consistent hashing. A shard's
// points on the ring depend on its own name and weight only, so a new shard never changes the order of two others.
import HashRing from "hashring";
import type { PlacementShard } from "./placement-shard.ts";

/** Each stands for 4 points on the ring, of a shard of weight 1. */
const pointGroups = 40;
const pointGroupsMax = 400;

/** Gives, for a bucket, the positions in `shards` of the first `count` that it prefers. */
export function ringOrder(shards: readonly PlacementShard[], count: number): (bucket: number) => readonly number[] {
  const names = shards.map((shard) => `shard ${shard.name}`);
  const positions = new Map(names.map((name, position) => [name, position]));
  const servers = Object.fromEntries(
    shards.map(({ weight = 1 }, position) => {
      const vnodes = Math.min(pointGroupsMax, Math.max(1, Math.round(pointGroups * weight)));
      return [names[position]!, { vnodes, weight: 1 }];
    }),
  );
  // With a "vnode count" other than its own, a server's weight among all servers does not count.
  const ring = new HashRing(servers, "md5", { "vnode count": 0 });
  return (bucket) => ring.range(`bucket ${bucket}`, count).map((name) => positions.get(name)!);
}
