// What `shardgres topology show` prints.
import { bucketCount } from "../sharding/bucket-count.ts";
import type { Cohort, Shard, Tablet, Topology } from "../topology/snapshot.ts";

const columns = 80;

/** A paragraph for each shard: names and addresses are too long for the cells of a table. */
export function topologyText(topology: Topology): string {
  const { clusterId, authentication, home, shards, buckets } = topology;
  const counts = bucketCounts(topology);
  const head = [
    `cluster ${clusterId}`,
    `  authentication ${authentication}, ${shards.size === 1 ? "1 shard" : `${shards.size} shards`}, home ${home}`,
    `  ${bucketCount} buckets, generation ${buckets.generation}`,
  ];
  const paragraphs = [...shards.values()].map((shard) => {
    const count = counts.get(shard.ordinal) ?? 0;
    const facts = `term ${shard.term}, ${count} buckets (${percent(count)}), durability ${shard.durability}`;
    return [
      `${shard.name}${shard.name === home ? " (home)" : ""}`,
      `  ${facts}`,
      ...(shard.primary ? [] : ["  no primary"]),
      ...tabletLines(shard),
      ...(shard.cohort.standbys.length > 0 ? [`  commits wait for ${cohortText(shard.cohort)}`] : []),
      ...(shard.nextCohort ? [`  or, while that changes, for ${cohortText(shard.nextCohort)}`] : []),
      ...(shard.switchover ? [`  a switchover to ${shard.switchover.to} is under way`] : []),
    ];
  });
  return `${[head, ...paragraphs].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

export function topologyJson(topology: Topology): string {
  const { clusterId, authentication, home, shards, buckets } = topology;
  const counts = bucketCounts(topology);
  const value = {
    clusterId,
    authentication,
    home,
    generation: buckets.generation,
    shards: [...shards.values()].map(({ name, ordinal, term, durability, primary, tablets, ...change }) => ({
      name,
      ordinal,
      term,
      buckets: counts.get(ordinal) ?? 0,
      share: (counts.get(ordinal) ?? 0) / bucketCount,
      durability,
      primary: primary?.name ?? null,
      tablets: tablets.map(({ name, address: { host, port }, agent, zone }) => ({
        name,
        host,
        port,
        agent: agent ?? null,
        zone: zone ?? null,
      })),
      cohort: change.cohort,
      nextCohort: change.nextCohort ?? null,
      switchover: change.switchover ?? null,
    })),
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** "1 of s1-1, s1-2"; "nobody". */
export function cohortText({ standbys, acknowledgements }: Cohort): string {
  return acknowledgements === 0 ? "nobody" : `${acknowledgements} of ${standbys.join(", ")}`;
}

export function addressText({ address: { host, port } }: Tablet): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function tabletLines({ primary, tablets, cohort, nextCohort }: Shard): string[] {
  const width = Math.max(0, ...tablets.map(({ name }) => name.length));
  return tablets.flatMap((tablet) => {
    const { name, zone } = tablet;
    const isSynchronous = [cohort, nextCohort].some((each) => each?.standbys.includes(name));
    const role = name === primary?.name ? "primary" : isSynchronous ? "synchronous" : "standby";
    const start = `  ${name.padEnd(width)}  ${role.padEnd(11)}`;
    const end = `${addressText(tablet)}${zone === undefined ? "" : `, zone ${zone}`}`;
    const line = `${start}  ${end}`;
    return line.length <= columns ? [line] : [start.trimEnd(), `    ${end}`];
  });
}

function bucketCounts({ buckets }: Topology): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const owner of buckets.owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

function percent(count: number): string {
  return `${((100 * count) / bucketCount).toFixed(1)} %`;
}
