// A tablet in the document of its shard.
import type { Shard, Tablet } from "./snapshot.ts";

/** It is new, or is reached elsewhere. The same shard when nothing of it has changed. */
export function withTablet(shard: Shard, tablet: Tablet): Shard {
  const known = shard.tablets.find(({ name }) => name === tablet.name);
  if (known && JSON.stringify(sorted(known)) === JSON.stringify(sorted(tablet))) return shard;
  const tablets = known
    ? shard.tablets.map((each) => (each.name === tablet.name ? tablet : each))
    : [...shard.tablets, tablet];
  return { ...shard, tablets, primary: shard.primary?.name === tablet.name ? tablet : shard.primary };
}

function sorted({ name, address, agent, zone }: Tablet): unknown {
  return [name, address.host, address.port, agent?.host, agent?.port, zone];
}
