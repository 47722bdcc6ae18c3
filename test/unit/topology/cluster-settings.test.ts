// The cluster's settings in its document: how they are kept, read strictly, and changed by compare-and-swap.
import { expect, test } from "vitest";
import { changeSettings, settingsDigest } from "../../../src/topology/cluster-settings.ts";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { clusterKey, readCluster } from "../../../src/topology/documents.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import type { TopologyStore } from "../../../src/topology/store.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const options = { shardCount: 1, authentication: "trust", postgresVersion: "18" } as const;
const cluster = { format: 2, clusterId: "c", authentication: "trust", home: "s1", postgresVersion: "18" };

async function newStore(): Promise<TopologyStore> {
  const store = localStore(await temporaryDirectory());
  await createTopology(store, options);
  return store;
}

test("a document without settings has none, also one of the format before", () => {
  expect(readCluster(cluster).settings).toEqual({});
  expect(readCluster({ ...cluster, format: 1 }).settings).toEqual({});
  expect(readCluster({ ...cluster, settings: { work_mem: "4MB", empty: "" } }).settings).toEqual({
    work_mem: "4MB",
    empty: "",
  });
});

test.each([
  [{ ...cluster, settings: ["work_mem"] }, "settings is not an object"],
  [{ ...cluster, settings: { work_mem: 4 } }, "settings work_mem is not a text"],
  [{ ...cluster, settngs: {} }, "settngs is not a known field"],
])("%j is refused", (document, problem) => {
  expect(() => readCluster(document)).toThrow(`topology document "cluster": ${problem}`);
});

test("they are changed and given up; without any the document says nothing of them", async () => {
  const store = await newStore();
  const written = async () => (await store.get(clusterKey))!.value as Record<string, unknown>;
  expect(Object.keys(await written())).not.toContain("settings");
  await changeSettings(store, (before) => ({ ...before, work_mem: "5MB", "my.own": "it's" }));
  expect((await written()).settings).toEqual({ work_mem: "5MB", "my.own": "it's" });
  const { version } = (await store.get(clusterKey))!;
  await changeSettings(store, () => ({ "my.own": "it's", work_mem: "5MB" }));
  expect((await store.get(clusterKey))!.version).toBe(version);
  await changeSettings(store, () => ({}));
  expect(Object.keys(await written())).not.toContain("settings");
});

test("two that change them at the same time both have their way", async () => {
  const store = await newStore();
  const names = Array.from({ length: 5 }, (_, i) => `my.own${i}`);
  await Promise.all(names.map((name) => changeSettings(store, (before) => ({ ...before, [name]: "on" }))));
  const { settings } = readCluster((await store.get(clusterKey))!.value);
  expect(Object.keys(settings).sort()).toEqual(names);
});

test.each([
  ["fsync", "off", "reserved-setting", "the setting fsync cannot be chosen: without it a standby"],
  ["Primary_Conninfo", "", "reserved-setting", "the setting Primary_Conninfo cannot be chosen: it says which role"],
  ["synchronous_commit", "off", "reserved-setting", "the durability of the shards says"],
  ["a b", "c", "invalid-setting", '"a b" cannot be the name of a setting'],
  ["work_mem", "4MB\nfsync = off", "invalid-setting", "the value of work_mem is too long, or has more than one line"],
])("%s = %j is not written", async (name, value, code, message) => {
  const store = await newStore();
  const { version } = (await store.get(clusterKey))!;
  const change = changeSettings(store, (before) => ({ ...before, [name]: value }));
  await expect(change).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  expect((await store.get(clusterKey))!.version).toBe(version);
});

test("a digest tells settings apart, and nothing else", () => {
  expect(settingsDigest({ a: "1", b: "2" })).toBe(settingsDigest({ b: "2", a: "1" }));
  expect(settingsDigest({ a: "1" })).not.toBe(settingsDigest({ a: "2" }));
  expect(settingsDigest({ a: "1" })).not.toBe(settingsDigest({ b: "1" }));
});
