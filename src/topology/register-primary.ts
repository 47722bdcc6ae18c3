// A tablet says that it is the primary of its shard, and where it is reached.
import { AppError } from "../base/app-error.ts";
import { shardKeyInStore } from "./documents.ts";
import { readShard, writeShard } from "./shard-document.ts";
import { noCohort, type Shard, type ShardName, type Tablet } from "./snapshot.ts";
import { isConflict, type TopologyStore } from "./store.ts";

/**
 * The term rises when another tablet was primary before, and stays when only the address is new. Throws AppError
 * "no-shard" when the topology does not have the shard, "not-primary" when another tablet is primary and standbys may
 * hold commits that it has acknowledged: then only a failover, which asks them, may replace it.
 */
export async function registerPrimary(store: TopologyStore, name: ShardName, primary: Tablet): Promise<Shard> {
  const key = shardKeyInStore(name);
  for (;;) {
    const entry = await store.get(key);
    if (!entry) throw new AppError("no-shard", `the topology has no shard "${name}"`);
    const before = readShard(key, entry.value);
    if (before.primary && isSame(before.primary, primary)) return before;
    const after = withPrimary(before, primary);
    try {
      await store.put(key, writeShard(after), entry.version);
      return after;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
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
