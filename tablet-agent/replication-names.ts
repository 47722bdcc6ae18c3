// What the topology names, as PostgreSQL is told it.
import type { Reach } from "../src/topology/reach.ts";
import type { Cohort, Shard } from "../src/topology/snapshot.ts";
import { type SynchronousStandbys, standbyName, type Upstream } from "./postgres/server.ts";

/** How the primary of a term calls its standbys. */
export function namesOf({ standbys, acknowledgements }: Cohort, term: number): SynchronousStandbys | undefined {
  if (acknowledgements === 0) return undefined;
  return { acknowledgements, names: standbys.map((standby) => standbyName(standby, term)) };
}

export function upstreamOf(shard: Shard, primary: string, reach: Reach): Upstream | undefined {
  const tablet = shard.tablets.find(({ name }) => name === primary);
  return tablet && { tablet: primary, term: shard.term, address: reach(tablet.address) };
}
