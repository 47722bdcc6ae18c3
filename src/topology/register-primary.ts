// A tablet says that it is the primary of its shard, and where it is reached.
import { AppError } from "../base/app-error.ts";
import { changeShard } from "./change-shard.ts";
import { noCohort, type Shard, type ShardName, type Tablet } from "./snapshot.ts";
import type { TopologyStore } from "./store.ts";

/**
 * The term rises when another tablet was primary before, and stays when only the address is new. Throws AppError
 * "no-shard" when the topology does not have the shard, "not-primary" when another tablet is primary and standbys may
 * hold commits that it has acknowledged: then only a failover, which asks them, may replace it.
 */
export async function registerPrimary(store: TopologyStore, name: ShardName, primary: Tablet): Promise<Shard> {
  const { shard } = await changeShard(store, name, (before) =>
    before.primary && isSame(before.primary, primary) ? before : withPrimary(before, primary),
  );
  return shard;
}

function withPrimary(before: Shard, primary: Tablet): Shard {
  const isAnother = before.primary?.name !== primary.name;
  if (isAnother && (before.cohort.acknowledgements > 0 || before.nextCohort)) {
    const message = `tablet "${primary.name}" cannot call itself the primary of shard "${before.name}"`;
    const was = before.primary ? `"${before.primary.name}" is` : "there is none";
    throw new AppError("not-primary", `${message}: ${was}, and its standbys have acknowledged commits`);
  }
  const isKnown = before.tablets.some((tablet) => tablet.name === primary.name);
  const tablets = isKnown
    ? before.tablets.map((tablet) => (tablet.name === primary.name ? primary : tablet))
    : [...before.tablets, primary];
  if (!isAnother) return { ...before, primary, tablets };
  return { ...before, primary, tablets, term: before.term + 1, cohort: noCohort };
}

function isSame(a: Tablet, b: Tablet): boolean {
  return (
    a.name === b.name && a.address.host === b.address.host && a.address.port === b.address.port && a.zone === b.zone
  );
}
