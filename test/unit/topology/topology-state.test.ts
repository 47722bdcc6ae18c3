// From events of a store to topologies: what is taken, what is refused, and with which words.
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/base/json.ts";
import { encodeOwners } from "../../../src/sharding/owners-text.ts";
import type { Entry, StoreEvent } from "../../../src/topology/store.ts";
import { apply, nothingKnown, type TopologyState } from "../../../src/topology/topology-state.ts";

const owners = (first: number, rest: number) => encodeOwners(new Uint16Array(16384).fill(first, 0, 1).fill(rest, 1));
const cluster = { format: 1, clusterId: "c", authentication: "trust", home: "s1", postgresVersion: "18" };
const documents: Record<string, Json> = {
  cluster,
  "shards/s1": { ordinal: 0, term: 1, primary: { name: "s1-0", address: { host: "/data/s1", port: 5432 } } },
  "shards/s2": { ordinal: 1, term: 0 },
  buckets: { generation: 1, owners: owners(0, 1) },
};

const s1Tablet = { name: "s1-0", address: { host: "/data/s1", port: 5432 } };
const unreplicated = { durability: "none", cohort: { standbys: [], acknowledgements: 0 }, nextCohort: undefined };

const entry = (key: string, value: Json): Entry => ({ key, value, version: "1" });
const put = (key: string, value: Json): StoreEvent => ({ kind: "put", entry: entry(key, value) });
const stateOf = (all: Record<string, Json>): StoreEvent => ({
  kind: "state",
  entries: Object.entries(all).map(([key, value]) => entry(key, value)),
});
const after = (...events: StoreEvent[]): TopologyState => events.reduce(apply, nothingKnown);
const whole = after(stateOf(documents));

test("documents become a topology", () => {
  expect(whole.refused).toBeUndefined();
  expect(whole.topology).toMatchObject({ clusterId: "c", authentication: "trust", home: "s1" });
  expect([...whole.topology!.shards.values()]).toEqual([
    { name: "s1", ordinal: 0, term: 1, primary: s1Tablet, tablets: [s1Tablet], ...unreplicated },
    { name: "s2", ordinal: 1, term: 0, primary: undefined, tablets: [], ...unreplicated },
  ]);
  expect(whole.topology!.buckets.generation).toBe(1);
  expect([...whole.topology!.buckets.owners.subarray(0, 2)]).toEqual([0, 1]);
});

test("shards come in order of their ordinals", () => {
  const { "shards/s2": s2, ...rest } = documents;
  const state = after(stateOf({ "shards/s10": { ordinal: 2, term: 0 }, "shards/s2": s2!, ...rest }));
  expect([...state.topology!.shards.keys()]).toEqual(["s1", "s2", "s10"]);
});

test("a change makes a new topology and leaves the old one as it was", () => {
  const state = apply(whole, put("buckets", { generation: 2, owners: owners(1, 1) }));
  expect(state.topology!.buckets.generation).toBe(2);
  expect(whole.topology!.buckets.generation).toBe(1);
  expect(whole.topology!.buckets.owners[0]).toBe(0);
});

test("that nothing has changed changes nothing", () => {
  expect(apply(whole, { kind: "current" })).toBe(whole);
});

test("documents of others do not make a new topology", () => {
  expect(apply(whole, put("workflows/w1", {})).topology).toBe(whole.topology);
  expect(apply(whole, { kind: "delete", key: "workflows/w1" }).topology).toBe(whole.topology);
});

test("there is no topology before all documents are there", () => {
  const state = after(stateOf({}), put("shards/s1", documents["shards/s1"]!), put("buckets", documents.buckets!));
  expect(state.topology).toBeUndefined();
  expect(state.refused?.message).toBe("the topology has no cluster yet");
});

test("a contradiction keeps the last topology, and the next event may resolve it", () => {
  const refused = apply(whole, put("buckets", { generation: 2, owners: owners(0, 2) }));
  expect(refused.topology).toBe(whole.topology);
  expect(refused.refused?.message).toBe(
    "the topology contradicts itself: bucket 1 belongs to shard 2, which does not exist",
  );
  const resolved = apply(refused, put("shards/s3", { ordinal: 2, term: 0 }));
  expect(resolved.refused).toBeUndefined();
  expect(resolved.topology!.buckets.generation).toBe(2);
});

describe("a document that makes no sense is refused with its name and field", () => {
  const refusals: [string, Json, string][] = [
    ["cluster", "text", 'topology document "cluster": it is not an object'],
    [
      "cluster",
      { ...cluster, format: 3 },
      'topology document "cluster" has the format 3, and this program understands 2',
    ],
    ["cluster", { ...cluster, authentication: "md5" }, "authentication is none of trust, scram-sha-256"],
    ["cluster", { ...cluster, home: "s9" }, 'the home shard "s9" does not exist'],
    ["cluster", { ...cluster, home: "../s" }, "home cannot be the name of a shard"],
    ["cluster", { ...cluster, colour: "red" }, 'topology document "cluster": colour is not a known field'],
    ["shards/s1", { ordinal: -1, term: 0 }, 'topology document "shards/s1": ordinal is not a whole number'],
    ["shards/s1", { ordinal: 0 }, 'topology document "shards/s1": term is not a whole number of at least 0'],
    ["shards/s2", { ordinal: 0, term: 0 }, 'shard "s2" has the ordinal 0 of another shard'],
    ["shards/S_2", { ordinal: 5, term: 0 }, '"S_2" cannot be the name of a shard'],
    ["shards/s2", { ordinal: 1, term: 0, primary: {} }, 'topology document "shards/s2": primary name is not a text'],
    [
      "shards/s2",
      { ordinal: 1, term: 0, primary: { name: "s2-0", address: { host: "h", port: 65536 } } },
      "primary address port is above 65535",
    ],
    ["buckets", { generation: 0, owners: owners(0, 1) }, 'topology document "buckets": generation is not a whole'],
    ["buckets", { generation: 1, owners: "AAAA" }, 'topology document "buckets": owners'],
  ];
  test.each(refusals)("%s %j", (key, value, message) => {
    const state = apply(whole, put(key, value));
    expect(state.refused?.message).toContain(message);
    expect(state.topology).toBe(whole.topology);
  });
});
