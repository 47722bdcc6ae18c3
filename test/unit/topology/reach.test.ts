// Where others are reached, when that is not where the topology says.
import { expect, test } from "vitest";
import { parseReach, reachAsSaid, reachTopology } from "../../../src/topology/reach.ts";
import { noCohort, type ShardName, type Tablet, type Topology } from "../../../src/topology/snapshot.ts";

const [a, b]: [Tablet, Tablet] = [
  { name: "s1-0", address: { host: "10.0.0.1", port: 5432 }, agent: { host: "10.0.0.1", port: 5433 }, zone: "a" },
  { name: "s1-1", address: { host: "::1", port: 5432 } },
];
const s1 = "s1" as ShardName;
const rest = { ordinal: 0, term: 3, durability: "one", cohort: noCohort, nextCohort: undefined } as const;
const topology: Topology = {
  clusterId: "c",
  authentication: "trust",
  home: s1,
  shards: new Map([[s1, { name: s1, ...rest, tablets: [a, b], primary: a }]]),
  buckets: { generation: 1, owners: new Uint16Array(0) },
};
const reach = (others: object) => parseReach(JSON.stringify(others), "reach.json");

test("PostgreSQL and agents are reached where the file says, the primary as well", () => {
  const others = { "10.0.0.1:5432": "127.0.0.1:1", "10.0.0.1:5433": "127.0.0.1:2", "[::1]:5432": "db.example:3" };
  const shard = reachTopology(topology, reach(others)).shards.get(s1)!;
  const here = { ...a, address: { host: "127.0.0.1", port: 1 }, agent: { host: "127.0.0.1", port: 2 } };
  expect(shard).toEqual({
    ...topology.shards.get(s1),
    tablets: [here, { ...b, address: { host: "db.example", port: 3 } }],
    primary: here,
  });
});

test("who is not named is reached as the topology says", () => {
  expect(reachTopology(topology, reach({ "10.0.0.9:5432": "127.0.0.1:1" }))).toEqual(topology);
  expect(reachTopology(topology, reachAsSaid)).toBe(topology);
});

test("a shard without a primary stays without one", () => {
  const without = new Map([[s1, { ...topology.shards.get(s1)!, primary: undefined }]]);
  const reached = reachTopology({ ...topology, shards: without }, reach({ "10.0.0.1:5432": "127.0.0.1:1" }));
  expect(reached.shards.get(s1)).toMatchObject({ primary: undefined, tablets: [{ address: { port: 1 } }, b] });
});

test.each([
  ["[]", "reach.json: it is not an object"],
  ['{"10.0.0.1": "127.0.0.1:1"}', 'reach.json: "10.0.0.1" is not "HOST:PORT"'],
  ['{"10.0.0.1:1": "127.0.0.1:0"}', 'reach.json: "127.0.0.1:0" is not "HOST:PORT"'],
  ['{"10.0.0.1:1": 5432}', 'reach.json: 5432 is not "HOST:PORT"'],
  ["{", "reach.json is not valid JSON"],
])("%s is refused", (text, message) => {
  expect(() => parseReach(text, "reach.json")).toThrow(message);
});
