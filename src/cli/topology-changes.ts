// What has changed from one topology to the next, a line for each change. Pure.
import type { Shard, ShardName, Tablet, Topology } from "../topology/snapshot.ts";
import { addressText, cohortText } from "./topology-report.ts";

/** Buckets that move from many shards to many others would make a long line. */
const pairsMax = 4;

export function topologyChanges(before: Topology, after: Topology): string[] {
  return [
    ...valueChange("cluster", before.clusterId, after.clusterId),
    ...valueChange("authentication", before.authentication, after.authentication),
    ...valueChange("home shard", before.home, after.home),
    ...shardsChanges(before.shards, after.shards),
    ...bucketChanges(before, after),
  ];
}

type Shards = ReadonlyMap<ShardName, Shard>;

function shardsChanges(before: Shards, after: Shards): string[] {
  const gone = [...before.keys()].filter((name) => !after.has(name)).map((name) => `shard ${name} is gone`);
  const others = [...after.values()].flatMap((shard) => {
    const old = before.get(shard.name);
    const empty = { ...shard, primary: undefined, tablets: [], term: 0 };
    return old === undefined
      ? [`shard ${shard.name} is new`, ...shardChanges(empty, shard)]
      : old === shard
        ? []
        : shardChanges(old, shard);
  });
  return [...gone, ...others];
}

function shardChanges(before: Shard, after: Shard): string[] {
  const changes = [
    ...tabletChanges(before.tablets, after.tablets),
    ...primaryChange(before, after),
    ...valueChange("durability", before.durability, after.durability),
    ...valueChange("commits wait for", cohortText(before.cohort), cohortText(after.cohort)),
    ...nextCohortChange(before, after),
    ...switchoverChange(before, after),
  ];
  return changes.map((change) => `shard ${after.name}: ${change}`);
}

function primaryChange(before: Shard, after: Shard): string[] {
  const [was, is] = [before.primary?.name ?? "none", after.primary?.name ?? "none"];
  if (was === is && before.term === after.term) return [];
  const primary = was === is ? `primary ${is}` : `primary ${is} (was ${was})`;
  return [`${primary}, term ${after.term} (was ${before.term})`];
}

function tabletChanges(before: readonly Tablet[], after: readonly Tablet[]): string[] {
  const text = (tablet: Tablet) => `${addressText(tablet)}${tablet.zone === undefined ? "" : `, zone ${tablet.zone}`}`;
  const old = new Map(before.map((tablet) => [tablet.name, text(tablet)]));
  const names = new Set(after.map(({ name }) => name));
  return [
    ...before.filter(({ name }) => !names.has(name)).map(({ name }) => `tablet ${name} is gone`),
    ...after.flatMap((tablet) => {
      const was = old.get(tablet.name);
      if (was === undefined) return [`tablet ${tablet.name} is new, at ${text(tablet)}`];
      return was === text(tablet) ? [] : [`tablet ${tablet.name} at ${text(tablet)} (was ${was})`];
    }),
  ];
}

function nextCohortChange(before: Shard, after: Shard): string[] {
  const [was, is] = [before.nextCohort, after.nextCohort].map((cohort) => cohort && cohortText(cohort));
  if (was === is) return [];
  return [
    is === undefined ? "the change of its standbys is over" : `commits wait, while that changes, for that or ${is}`,
  ];
}

function switchoverChange(before: Shard, after: Shard): string[] {
  const [was, is] = [before.switchover?.to, after.switchover?.to];
  if (was === is) return [];
  return [is === undefined ? "the switchover is over" : `a switchover to ${is} is under way`];
}

function bucketChanges(before: Topology, after: Topology): string[] {
  const [was, is] = [before.buckets, after.buckets];
  const names = new Map([before, after].flatMap(({ shards }) => [...shards.values()]).map((s) => [s.ordinal, s.name]));
  const moved = new Map<string, number>();
  for (const [bucket, owner] of is.owners.entries()) {
    const from = was.owners[bucket]!;
    if (from === owner) continue;
    const pair = `from ${names.get(from)} to ${names.get(owner)}`;
    moved.set(pair, (moved.get(pair) ?? 0) + 1);
  }
  if (was.generation === is.generation && moved.size === 0) return [];
  const parts = [...moved].map(([pair, count]) => `${count} ${pair}`);
  const rest = parts.length - pairsMax;
  const shown = rest > 0 ? [...parts.slice(0, pairsMax), `${rest} more pairs of shards`] : parts;
  const what = shown.length === 0 ? "no bucket has moved" : shown.join(", ");
  return [`buckets: generation ${is.generation} (was ${was.generation}): ${what}`];
}

function valueChange(what: string, was: string, is: string): string[] {
  return was === is ? [] : [`${what} ${is} (was ${was})`];
}
