// Documents of shards: as they are stored, as they were stored before, what is refused, and how much room they need.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/base/json.ts";
import { bucketCount } from "../../../src/sharding/bucket-count.ts";
import { placeBuckets } from "../../../src/sharding/place-buckets.ts";
import { changeShard } from "../../../src/topology/change-shard.ts";
import { shardName, writeBuckets, writeCluster } from "../../../src/topology/documents.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { readTopology } from "../../../src/topology/read-topology.ts";
import { readShard, writeShard } from "../../../src/topology/shard-document.ts";
import { noCohort, type Shard, type Tablet } from "../../../src/topology/snapshot.ts";
import { withTablet } from "../../../src/topology/with-tablet.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const tablet = (name: string, zone: string): Tablet => ({ name, address: { host: `${name}.pg`, port: 5432 }, zone });
const tablets = [
  { ...tablet("s1-0", "a"), agent: { host: "s1-0.pg", port: 7070 } },
  { ...tablet("s1-1", "b"), agent: { host: "127.0.0.1", port: 7071 } },
  tablet("s1-2", "c"),
];
const shard: Shard = {
  name: shardName("s1"),
  ordinal: 0,
  term: 7,
  primary: tablets[0],
  tablets,
  durability: "one",
  cohort: { standbys: ["s1-1", "s1-2"], acknowledgements: 1 },
  nextCohort: { standbys: ["s1-1"], acknowledgements: 1 },
  switchover: { to: "s1-2" },
};
const stored = {
  format: 2,
  ordinal: 0,
  term: 7,
  durability: "one",
  primary: "s1-0",
  tablets: {
    "s1-0": { host: "s1-0.pg", port: 5432, agent: { port: 7070 }, zone: "a" },
    "s1-1": { host: "s1-1.pg", port: 5432, agent: { host: "127.0.0.1", port: 7071 }, zone: "b" },
    "s1-2": { host: "s1-2.pg", port: 5432, zone: "c" },
  },
  cohort: { standbys: ["s1-1", "s1-2"], acknowledgements: 1 },
  nextCohort: { standbys: ["s1-1"], acknowledgements: 1 },
  switchover: { to: "s1-2" },
};

test("a shard is stored as docs/topology.md says, and read back as it was", () => {
  expect(writeShard(shard)).toEqual(stored);
  expect(readShard("shards/s1", stored)).toEqual(shard);
  const { switchover: _, ...settled } = shard;
  const first = { ...settled, primary: undefined, tablets: [], cohort: noCohort, nextCohort: undefined };
  expect(readShard("shards/s1", writeShard(first))).toEqual(first);
});

describe("a document that makes no sense is refused with its field", () => {
  const without = (field: keyof typeof stored) =>
    Object.fromEntries(Object.entries(stored).filter(([name]) => name !== field));
  const cohort = (standbys: Json, acknowledgements: Json) => ({ ...stored, cohort: { standbys, acknowledgements } });
  test.each<[string, Json, string]>([
    ["unknown field", { ...stored, color: 1 }, "color is not a known field"],
    ["no tablets", without("tablets"), "tablets is not an object"],
    ["no durability", without("durability"), "durability is none of none, one, majority, zone"],
    ["a list of tablets", { ...stored, tablets: [] }, "tablets is not an object"],
    ["a tablet without port", { ...stored, tablets: { a: { host: "h" } } }, "tablets a port is not a whole number"],
    ["a tablet with more", { ...stored, tablets: { a: { host: "h", port: 1, x: 1 } } }, "tablets a x is not a known"],
    ["a primary that is no tablet", { ...stored, primary: "s1-9" }, 'primary "s1-9" is none of the tablets'],
    ["format 1's primary", { ...stored, primary: { name: "s1-0" } }, "primary is not a text"],
    ["a stranger", cohort(["s1-9"], 1), 'cohort names "s1-9", which is none of the tablets'],
    ["a standby twice", cohort(["s1-1", "s1-1"], 1), "cohort names a standby twice"],
    ["the primary", cohort(["s1-0", "s1-1"], 1), 'cohort names the primary "s1-0" as its own standby'],
    ["too many", cohort(["s1-1"], 2), "cohort asks for 2 acknowledgements of 1 standbys"],
    ["half of one", cohort(["s1-1"], 0.5), "cohort acknowledgements is not a whole number of at least 0"],
    ["no list", cohort("s1-1", 1), "cohort standbys is not a list of texts"],
    ["the next one", { ...stored, nextCohort: { standbys: ["x"], acknowledgements: 0 } }, 'nextCohort names "x"'],
    ["a switchover to nobody", { ...stored, switchover: { to: "x" } }, 'switchover to "x" is none of the tablets'],
    ["half a format", { ...stored, format: 0 }, "format is not a whole number of at least 1"],
  ])("%s", (_, value, message) => {
    expect(() => readShard("shards/s1", value)).toThrow(`topology document "shards/s1": ${message}`);
  });
});

test("a newer format is said to be that, whatever else is in it", () => {
  const error = catching(() => readShard("shards/s1", { format: 3, anything: true }));
  expect(error).toMatchObject({
    code: "newer-format",
    message: 'topology document "shards/s1" has the format 3, and this program understands 2',
    hint: "A newer Shardgres has written it. Bring this program to the same version.",
  });
});

/** The files of a local cluster as they were written before there were tablets and cohorts. */
async function directoryOfBefore(): Promise<string> {
  const directory = await temporaryDirectory();
  const file = (name: string, value: Json) =>
    writeFile(join(directory, `${name}.json`), `${JSON.stringify({ value }, null, 2)}\n`);
  await file("shards.s1@1", { ordinal: 0, term: 0 });
  const address = { host: "/tmp/.shardgres/shards/s1/socket", port: 5432 };
  await file("shards.s1@2", { ordinal: 0, term: 1, primary: { name: "s1-0", address } });
  await file("shards.s2@1", { ordinal: 1, term: 0 });
  const { owners } = writeBuckets({ generation: 1, owners: placeBuckets(twoShards) }) as { owners: string };
  await file("buckets@1", { generation: 1, owners });
  const cluster = { clusterId: "c", authentication: "trust", home: "s1", postgresVersion: "18" };
  await file("cluster@1", { format: 1, ...cluster });
  return directory;
}

const twoShards = [
  { name: "s1", ordinal: 0 },
  { name: "s2", ordinal: 1 },
];

test("a cluster of before is read, and its documents become new ones when they change", async () => {
  const store = localStore(await directoryOfBefore());
  const primary = { name: "s1-0", address: { host: "/tmp/.shardgres/shards/s1/socket", port: 5432 } };
  const shard = { name: "s1", ordinal: 0, term: 1, primary, tablets: [primary], durability: "none" };
  expect((await readTopology(store)).shards.get(shardName("s1"))).toEqual({
    ...shard,
    cohort: noCohort,
    nextCohort: undefined,
  });

  const register = (tablet: Tablet) => changeShard(store, shardName("s1"), (before) => withTablet(before, tablet));
  await register(primary);
  expect((await store.get("shards/s1"))!.value).not.toHaveProperty("format");
  const moved = { ...primary, address: { ...primary.address, port: 5433 } };
  expect((await register(moved)).shard).toMatchObject({ term: 1, tablets: [moved] });
  expect((await store.get("shards/s1"))!.value).toMatchObject({ format: 2, primary: "s1-0" });
  expect((await readTopology(store)).shards.get(shardName("s1"))!.primary).toEqual(moved);
});

test("1,000 shards of 3 tablets, in the middle of a change, fit into one ConfigMap of 1 MiB", () => {
  const count = 1_000;
  const names = Array.from({ length: count }, (_, i) => shardName(`customers-eu-${i + 1}`));
  const documents: Record<string, Json> = {};
  for (const [ordinal, name] of names.entries()) {
    const tablets = [0, 1, 2].map((i) => {
      const host = `${name}-${i}.${name}.shardgres-production.svc.cluster.local`;
      const addresses = { address: { host, port: 5432 }, agent: { host, port: 5433 } };
      return { name: `${name}-${i}`, ...addresses, zone: `europe-west4-${"abc"[i]}` };
    });
    const [primary, ...others] = tablets;
    const cohort = { standbys: others.map((tablet) => tablet.name), acknowledgements: 1 };
    const nextCohort = { standbys: [others[0]!.name], acknowledgements: 1 };
    const policy = { durability: "majority", cohort, nextCohort } as const;
    const shard: Shard = { name, ordinal, term: 1_000_000, primary, tablets, ...policy };
    documents[`shards/${name}`] = writeShard(shard);
  }
  // The text of the owners has the same length whoever they are.
  documents.buckets = writeBuckets({ generation: 1_000_000, owners: new Uint16Array(bucketCount).fill(count - 1) });
  const clusterId = "6b4a0c52-5a0f-4c2f-9a38-1a1b1c1d1e1f";
  documents.cluster = writeCluster({
    clusterId,
    authentication: "scram-sha-256",
    home: names[0]!,
    postgresVersion: "18",
    settings: Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`some_setting_of_postgresql_${i}`, "100000 kB"]),
    ),
  });
  const bytes = Buffer.byteLength(JSON.stringify(documents));
  expect(bytes).toBeLessThan(1_048_576);
  // What docs/topology.md says of it.
  expect(Math.round(bytes / 1024)).toBe(812);
});

function catching(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}
