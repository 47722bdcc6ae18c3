// Topologies in a store: made, read, watched, and changed by tablets.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { readTopology } from "../../../src/topology/read-topology.ts";
import { registerPrimary } from "../../../src/topology/register-primary.ts";
import { writeShard } from "../../../src/topology/shard-document.ts";
import { watchTopology } from "../../../src/topology/watch-topology.ts";
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

test("a tablet that registers becomes primary; the term rises only with another tablet", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  const s2 = shardName("s2");
  expect(await registerPrimary(store, s2, tablet("s2-0", 1))).toMatchObject({ term: 1 });
  expect(await registerPrimary(store, s2, tablet("s2-0", 1))).toMatchObject({ term: 1 });
  expect(await registerPrimary(store, s2, tablet("s2-0", 2))).toMatchObject({ term: 1 });
  expect(await registerPrimary(store, s2, tablet("s2-1", 2))).toMatchObject({ term: 2 });
  expect((await readTopology(store)).shards.get(s2)).toEqual({
    name: "s2",
    ordinal: 1,
    term: 2,
    primary: tablet("s2-1", 2),
    tablets: [tablet("s2-0", 2), tablet("s2-1", 2)],
    ...unreplicated,
  });
  await expect(registerPrimary(store, shardName("s9"), tablet("s9-0", 1))).rejects.toThrow('no shard "s9"');
});

test("a tablet does not take the place of a primary whose standbys have acknowledged commits", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  const s1 = shardName("s1");
  const tablets = [tablet("s1-0", 1), tablet("s1-1", 2)];
  const { version } = (await store.get("shards/s1"))!;
  const shard = (await readTopology(store)).shards.get(s1)!;
  const cohort = { standbys: ["s1-1"], acknowledgements: 1 };
  const replicated = { ...shard, tablets, primary: tablets[0], term: 1, durability: "one", cohort } as const;
  await store.put("shards/s1", writeShard(replicated), version);
  await expect(registerPrimary(store, s1, tablet("s1-1", 2))).rejects.toMatchObject({
    code: "not-primary",
    message:
      'tablet "s1-1" cannot call itself the primary of shard "s1": "s1-0" is, and its standbys have acknowledged commits',
  });
  expect((await readTopology(store)).shards.get(s1)).toEqual(replicated);
  expect(await registerPrimary(store, s1, tablet("s1-0", 9))).toMatchObject({ term: 1, cohort });
});

test("tablets that register at the same time do not get in each other's way", async () => {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  const registered = [1, 2, 3, 4, 5].map((port) => registerPrimary(store, shardName("s1"), tablet("s1-0", port)));
  await Promise.all(registered);
  expect((await readTopology(store)).shards.get(shardName("s1"))!.term).toBe(1);
});

test("a watch waits for the cluster, then follows it", async () => {
  const store = localStore(await temporaryDirectory());
  const controller = new AbortController();
  const topologies = watchTopology(store, controller.signal);
  const first = topologies.next();
  await createTopology(store, options);
  expect((await first).value).toMatchObject({ home: "s1" });

  const second = topologies.next();
  await registerPrimary(store, shardName("s1"), tablet("s1-0", 7));
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
