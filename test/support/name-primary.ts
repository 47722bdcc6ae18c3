// The topology names a tablet the primary of its shard, as after its first start or a failover.
import { changeShard } from "../../src/topology/change-shard.ts";
import type { Shard, ShardName, Tablet } from "../../src/topology/snapshot.ts";
import type { TopologyStore } from "../../src/topology/store.ts";
import { withTablet } from "../../src/topology/with-tablet.ts";

export async function namePrimary(store: TopologyStore, name: ShardName, primary: Tablet): Promise<Shard> {
  const { shard } = await changeShard(store, name, (before) => {
    const term = before.primary?.name === primary.name ? before.term : before.term + 1;
    return { ...withTablet(before, primary), primary, term };
  });
  return shard;
}
