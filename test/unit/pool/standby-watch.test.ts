// Which standbys may be read, as tablets answer or do not.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandbyWatch } from "../../../src/pool/standby-watch.ts";
import type { TabletReport } from "../../../src/pool/tablet-reports.ts";
import { noCohort, type Shard, type ShardName, type Tablet, type Topology } from "../../../src/topology/snapshot.ts";

const s1 = "s1" as ShardName;
const tablet = (name: string): Tablet => ({ name, address: { host: "127.0.0.1", port: 5432 } });
const [a, b, c] = [tablet("s1-0"), tablet("s1-1"), tablet("s1-2")];

let topology: Topology;
let reports: Map<string, TabletReport>;
let asked: string[];
let nowMs: number;
let watch: StandbyWatch;

beforeEach(() => {
  topology = topologyOf({ primary: a, term: 7 });
  reports = new Map([
    ["s1-0", { isStandby: false, lsn: 100, term: "7" }],
    ["s1-1", { isStandby: true, lsn: 100, term: "7" }],
    ["s1-2", { isStandby: true, lsn: 100, term: "7" }],
  ]);
  asked = [];
  nowMs = 1_000;
  const ask = async ({ name }: Tablet) => {
    asked.push(name);
    const report = reports.get(name);
    if (report === undefined) throw new Error(`${name} is away`);
    return report;
  };
  watch = new StandbyWatch(
    () => topology,
    ask,
    () => nowMs,
  );
});
afterEach(() => watch.close());

function topologyOf({ primary, term }: Pick<Shard, "primary" | "term">): Topology {
  const rest = { durability: "none", cohort: noCohort, nextCohort: undefined } as const;
  const shard: Shard = { name: s1, ordinal: 0, primary, term, tablets: [a, b, c], ...rest };
  return {
    clusterId: "test",
    authentication: "trust",
    home: s1,
    shards: new Map([[s1, shard]]),
    buckets: { generation: 1, owners: new Uint16Array(16_384) },
  };
}

const names = (tablets: readonly Tablet[]) => tablets.map(({ name }) => name);
/** Those that may be read once all have been asked. */
const readable = async (lagMaxMs = 10_000) => names(await watch.wait(s1, lagMaxMs, 0));
const report = (name: string, change: Partial<TabletReport>) => {
  reports.set(name, { ...reports.get(name)!, ...change });
};

test("nobody is asked before somebody wants to read", async () => {
  expect(asked).toEqual([]);
  expect(watch.stateOf(s1, b)).toEqual({ kind: "unknown" });
  expect(await readable()).toEqual(["s1-1", "s1-2"]);
  expect(asked).toEqual(["s1-0", "s1-1", "s1-2"]);
});

describe("not read is a standby that", () => {
  test("does not answer", async () => {
    reports.delete("s1-1");
    expect(await readable()).toEqual(["s1-2"]);
    expect(watch.stateOf(s1, b)).toEqual({ kind: "away" });
  });

  test("has been promoted behind the topology's back", async () => {
    report("s1-1", { isStandby: false });
    expect(await readable()).toEqual(["s1-2"]);
    expect(watch.stateOf(s1, b)).toEqual({ kind: "stranger" });
  });

  test("has the WAL of another term, however much of it", async () => {
    report("s1-1", { term: "6", lsn: 1_000 });
    expect(await readable()).toEqual(["s1-2"]);
  });

  test("lacks what the primary has had for longer than is allowed", async () => {
    report("s1-1", { lsn: 99 });
    expect(await readable()).toEqual(["s1-2"]);
    expect(watch.stateOf(s1, b)).toEqual({ kind: "standby", lagMs: undefined });
    nowMs += 10_001;
    expect(names(watch.usable(s1, 10_000))).toEqual([]);
    expect(names(watch.usable(s1, 10_001))).toEqual(["s1-2"]);
  });

  test("could not be connected to, until it answers again", async () => {
    expect(await readable()).toEqual(["s1-1", "s1-2"]);
    watch.isAway(s1, b);
    expect(names(watch.usable(s1, 300))).toEqual(["s1-2"]);
  });
});

describe("none is read when the primary", () => {
  test("does not answer", async () => {
    reports.delete("s1-0");
    expect(await readable()).toEqual([]);
  });

  test("is not promoted yet", async () => {
    report("s1-0", { isStandby: true });
    expect(await readable()).toEqual([]);
  });

  test("has not written its own term yet", async () => {
    for (const { name } of [a, b, c]) report(name, { term: "6" });
    expect(await readable()).toEqual([]);
  });

  test("is another one than before, until all have been asked again", async () => {
    expect(await readable()).toEqual(["s1-1", "s1-2"]);
    topology = topologyOf({ primary: b, term: 8 });
    expect(names(watch.usable(s1, 300))).toEqual([]);
    report("s1-1", { isStandby: false, term: "8" });
    report("s1-2", { term: "8" });
    expect(names(await watch.wait(s1, 300, 5_000))).toEqual(["s1-2"]);
  });

  test("is not there", async () => {
    topology = topologyOf({ primary: undefined, term: 8 });
    expect(await readable()).toEqual([]);
  });
});

test("where nobody counts terms, being in recovery is enough", async () => {
  for (const { name } of [a, b, c]) report(name, { term: "" });
  expect(await readable()).toEqual(["s1-1", "s1-2"]);
});

test("who is patient gets the standby that comes back", async () => {
  reports.delete("s1-1");
  reports.delete("s1-2");
  const waiting = watch.wait(s1, 300, 5_000);
  expect(await readable(300)).toEqual([]);
  reports.set("s1-2", { isStandby: true, lsn: 100, term: "7" });
  expect(names(await waiting)).toEqual(["s1-2"]);
});

test("a wait ends with its signal", async () => {
  reports.clear();
  const stop = new AbortController();
  const waiting = watch.wait(s1, 300, 5_000, stop.signal);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});

test("a wait ends when the watch is closed", async () => {
  reports.clear();
  const waiting = watch.wait(s1, 300, 60_000);
  watch.close();
  expect(await waiting).toEqual([]);
});
