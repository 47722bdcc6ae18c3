// `shardgres topology`: its options, what it prints, and which changes it tells.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { topologyChanges } from "../../../src/cli/topology-changes.ts";
import { parseTopologyOptions } from "../../../src/cli/topology-options.ts";
import { topologyJson, topologyText } from "../../../src/cli/topology-report.ts";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { noCohort, type Shard, type Topology } from "../../../src/topology/snapshot.ts";
import { eventually } from "../../support/eventually.ts";
import { namePrimary } from "../../support/name-primary.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const tablet = (name: string, host: string, zone?: string) => ({
  name,
  address: { host, port: 5432 },
  ...(zone !== undefined && { zone }),
});
const primary = tablet("s1-0", "10.0.0.1", "a");
const s1: Shard = {
  name: shardName("s1"),
  ordinal: 0,
  term: 3,
  primary,
  tablets: [primary, tablet("s1-1", "fd00::1"), tablet("s1-2", "10.0.0.3")],
  durability: "one",
  cohort: { standbys: ["s1-1"], acknowledgements: 1 },
  nextCohort: undefined,
};
const socket = "/home/someone/projects/shop/.shardgres/shards/customers/socket";
const s2: Shard = {
  name: shardName("s2"),
  ordinal: 1,
  term: 0,
  primary: undefined,
  tablets: [tablet("s2-0", socket)],
  durability: "none",
  cohort: noCohort,
  nextCohort: undefined,
};
const topology = topologyOf([s1, s2], 4096);

function topologyOf(shards: readonly Shard[], firstBuckets: number, generation = 2): Topology {
  return {
    clusterId: "6b4a0c52-5a0f-4c2f-9a38-1a1b1c1d1e1f",
    authentication: "trust",
    home: shardName("s1"),
    shards: new Map(shards.map((shard) => [shard.name, shard])),
    buckets: { generation, owners: new Uint16Array(16384).fill(0, 0, firstBuckets).fill(1, firstBuckets) },
  };
}

test.each([
  [["show"], { kind: "show", place: { kind: "local", dataDir: ".shardgres" }, json: false }],
  [["show", "--json", "--data-dir", "d"], { kind: "show", place: { kind: "local", dataDir: "d" }, json: true }],
  [["watch", "--data-dir=d"], { kind: "watch", place: { kind: "local", dataDir: "d" } }],
])("%j is understood", (args, options) => {
  expect(parseTopologyOptions(args)).toEqual(options);
});

test.each([
  [[], "show or watch?"],
  [["list"], 'there is no "topology list"'],
  [["show", "s1"], "unexpected argument 's1'"],
  [["watch", "--json"], "unknown option '--json'"],
  [["show", "--data-dir", ""], "--data-dir must not be empty"],
])("%j is refused", (args, message) => {
  expect(() => parseTopologyOptions(args)).toThrow(message);
});

test("show has a paragraph for each shard, within 80 columns", () => {
  const text = topologyText(topology);
  expect(text).toBe(`cluster 6b4a0c52-5a0f-4c2f-9a38-1a1b1c1d1e1f
  authentication trust, 2 shards, home s1
  16384 buckets, generation 2

s1 (home)
  term 3, 4096 buckets (25.0 %), durability one
  s1-0  primary      10.0.0.1:5432, zone a
  s1-1  synchronous  [fd00::1]:5432
  s1-2  standby      10.0.0.3:5432
  commits wait for 1 of s1-1

s2
  term 0, 12288 buckets (75.0 %), durability none
  no primary
  s2-0  standby
    ${socket}:5432
`);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("show tells of a change of standbys that is under way", () => {
  const nextCohort = { standbys: ["s1-1", "s1-2"], acknowledgements: 1 };
  const text = topologyText(topologyOf([{ ...s1, nextCohort }, s2], 1));
  expect(text).toContain(
    "  s1-2  synchronous  10.0.0.3:5432\n  commits wait for 1 of s1-1\n  or, while that changes, for 1 of s1-1, s1-2\n",
  );
});

test("as JSON it has all of it", () => {
  expect(JSON.parse(topologyJson(topology))).toEqual({
    clusterId: topology.clusterId,
    authentication: "trust",
    home: "s1",
    generation: 2,
    shards: [
      {
        name: "s1",
        ordinal: 0,
        term: 3,
        buckets: 4096,
        share: 0.25,
        durability: "one",
        primary: "s1-0",
        tablets: [
          { name: "s1-0", host: "10.0.0.1", port: 5432, agent: null, zone: "a" },
          { name: "s1-1", host: "fd00::1", port: 5432, agent: null, zone: null },
          { name: "s1-2", host: "10.0.0.3", port: 5432, agent: null, zone: null },
        ],
        cohort: { standbys: ["s1-1"], acknowledgements: 1 },
        nextCohort: null,
        switchover: null,
      },
      {
        name: "s2",
        ordinal: 1,
        term: 0,
        buckets: 12288,
        share: 0.75,
        durability: "none",
        primary: null,
        tablets: [{ name: "s2-0", host: socket, port: 5432, agent: null, zone: null }],
        cohort: noCohort,
        nextCohort: null,
        switchover: null,
      },
    ],
  });
});

test("every change has a line of its own", () => {
  const promoted: Shard = {
    ...s1,
    term: 4,
    primary: s1.tablets[1],
    tablets: [tablet("s1-0", "10.0.0.9", "a"), s1.tablets[1]!],
    durability: "majority",
    cohort: { standbys: ["s1-0"], acknowledgements: 1 },
    nextCohort: noCohort,
    switchover: { to: "s1-0" },
  };
  const s3: Shard = { ...s2, name: shardName("s3"), ordinal: 1, primary: tablet("s3-0", "h"), term: 1, tablets: [] };
  const after = { ...topologyOf([promoted, s3], 4000, 3), home: s3.name };
  expect(topologyChanges(topology, after)).toEqual([
    "home shard s3 (was s1)",
    "shard s2 is gone",
    "shard s1: tablet s1-2 is gone",
    "shard s1: tablet s1-0 at 10.0.0.9:5432, zone a (was 10.0.0.1:5432, zone a)",
    "shard s1: primary s1-1 (was s1-0), term 4 (was 3)",
    "shard s1: durability majority (was one)",
    "shard s1: commits wait for 1 of s1-0 (was 1 of s1-1)",
    "shard s1: commits wait, while that changes, for that or nobody",
    "shard s1: a switchover to s1-0 is under way",
    "shard s3 is new",
    "shard s3: primary s3-0 (was none), term 1 (was 0)",
    "buckets: generation 3 (was 2): 96 from s1 to s3",
  ]);
  const over = new Map(after.shards).set(s1.name, { ...promoted, nextCohort: undefined });
  expect(topologyChanges(after, { ...after, shards: over })).toEqual(["shard s1: the change of its standbys is over"]);
  expect(topologyChanges(topology, topology)).toEqual([]);
});

test("buckets that go many ways are summed up", () => {
  const shards = Array.from(
    { length: 8 },
    (_, ordinal): Shard => ({ ...s2, name: shardName(`s${ordinal + 1}`), ordinal }),
  );
  const before = topologyOf(shards, 16384, 1);
  const owners = Uint16Array.from({ length: 16384 }, (_, bucket) => bucket % 8);
  const after = { ...before, buckets: { generation: 2, owners } };
  expect(topologyChanges(before, after)).toEqual([
    "buckets: generation 2 (was 1): 2048 from s1 to s2, 2048 from s1 to s3, 2048 from s1 to s4, 2048 from s1 to s5, " +
      "3 more pairs of shards",
  ]);
});

test("watch prints a line per change with its time, tells of trouble and its end, and ends with Ctrl-C", async () => {
  const dataDir = await temporaryDirectory();
  const directory = join(dataDir, "topology");
  await mkdir(directory);
  const store = localStore(directory);
  await createTopology(store, { shardCount: 2, authentication: "trust", postgresVersion: "18" });
  const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "topology", "watch", "--data-dir", dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const lines = () =>
    printed.split("\n").map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}/, ""));
  const says = (text: string) => eventually(() => lines().some((line) => line.startsWith(text)));

  await says("cluster ");
  await namePrimary(store, shardName("s2"), tablet("s2-0", "h"));
  await says("shard s2: tablet s2-0 is new, at h:5432");
  await says("shard s2: primary s2-0 (was none), term 1 (was 0)");
  const { version } = (await store.get("shards/s1"))!;
  const damaged = await store.put("shards/s1", { format: 3 }, version);
  await says('the topology cannot be read: topology document "shards/s1" has the format 3');
  await store.put("shards/s1", { ordinal: 0, term: 5 }, damaged);
  await says("the topology can be read again, after ");
  await says("shard s1: primary none, term 5 (was 0)");
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});
