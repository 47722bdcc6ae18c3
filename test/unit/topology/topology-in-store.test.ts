// Topologies in a store: made, read, watched, and changed by tablets.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changeShard } from "../../../src/topology/change-shard.ts";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { readTopology } from "../../../src/topology/read-topology.ts";
import { watchTopology } from "../../../src/topology/watch-topology.ts";
import { withTablet } from "../../../src/topology/with-tablet.ts";
import { namePrimary } from "../../support/name-primary.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const options = { shardCount: 3, authentication: "trust", postgresVersion: "18" } as const;
const unreplicated = { durability: "none", cohort: { standbys: [], acknowledgements: 0 }, nextCohort: undefined };
const tablet = (name: string, port: number) => ({ name, address: { host: "127.0.0.1", port } });

test("a new cluster has its shards, all buckets placed evenly, and no primaries", async () => {
  const store = localStore(await temporaryDirectory());
  const topology = await createTopology(store, options);
  expect([...topology.shards.values()]).toEqual(
    ["s1", "s2", "s3"].map((name, ordinal) => ({
      name,
      ordinal,
      term: 0,
      primary: undefined,
      tablets: [],
      ...unreplicated,
    })),
  );
  expect(topology.home).toBe("s1");
  const counts = [0, 0, 0];
  for (const owner of topology.buckets.owners) counts[owner]!++;
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  expect(await readTopology(store)).toEqual(topology);
});

test("a cluster is created once", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  await expect(createTopology(store, options)).rejects.toMatchObject({ code: "cluster-exists" });
});

test("a creation that was cut short is begun again", async () => {
  const store = localStore(await temporaryDirectory());
  await store.put("shards/s4", { ordinal: 3, term: 0 }, "absent");
  await store.put("buckets", "half", "absent");
  await expect(readTopology(store)).rejects.toMatchObject({ code: "no-cluster" });
  expect((await createTopology(store, options)).shards.size).toBe(3);
});

test("tablets that register at the same time do not get in each other's way", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  const [s2, tablets] = [shardName("s2"), ["s2-0", "s2-1", "s2-2", "s2-3"].map((name) => tablet(name, 1))];
  await Promise.all(tablets.map((each) => changeShard(store, s2, (shard) => withTablet(shard, each))));
  const shard = (await readTopology(store)).shards.get(s2)!;
  expect(shard).toEqual({
    ...{ name: "s2", ordinal: 1, term: 0, primary: undefined, ...unreplicated },
    tablets: expect.arrayContaining(tablets),
  });
  expect(shard.tablets).toHaveLength(4);
  const s9 = changeShard(store, shardName("s9"), (shard) => withTablet(shard, tablet("s9-0", 1)));
  await expect(s9).rejects.toThrow('no shard "s9"');
});

test("the primary's new address is also the primary's", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  const s1 = shardName("s1");
  await namePrimary(store, s1, tablet("s1-0", 1));
  const moved = tablet("s1-0", 2);
  const { shard } = await changeShard(store, s1, (before) => withTablet(before, moved));
  expect(shard).toMatchObject({ term: 1, primary: moved, tablets: [moved] });
  const { version } = await changeShard(store, s1, (before) => withTablet(before, moved));
  expect(version).toBe((await store.get("shards/s1"))!.version);
});

test("a watch waits for the cluster, then follows it", async () => {
  const store = localStore(await temporaryDirectory());
  const controller = new AbortController();
  const topologies = watchTopology(store, controller.signal);
  const first = topologies.next();
  await createTopology(store, options);
  expect((await first).value).toMatchObject({ home: "s1" });

  const second = topologies.next();
  await namePrimary(store, shardName("s1"), tablet("s1-0", 7));
  expect((await second).value.shards.get("s1").primary).toEqual(tablet("s1-0", 7));

  const third = topologies.next();
  controller.abort();
  expect((await third).done).toBe(true);
});

test("a watch outlives a file that somebody has damaged", async () => {
  const directory = await temporaryDirectory();
  const store = localStore(directory);
  await createTopology(store, options);
  const controller = new AbortController();
  const trouble = Promise.withResolvers<unknown>();
  const topologies = watchTopology(store, controller.signal, { onTrouble: trouble.resolve });
  await topologies.next();
  const next = topologies.next();
  await writeFile(join(directory, "shards.s1@2.json"), "{");
  expect(await trouble.promise).toMatchObject({ code: "invalid-document" });
  await writeFile(join(directory, "shards.s1@3.json"), '{"value": {"ordinal": 0, "term": 9}}');
  expect((await next).value.shards.get("s1").term).toBe(9);
  controller.abort();
});
