// `shardgres shards`: its options, what it prints of healthy and of broken shards, and what it makes of a switchover.
import { expect, test } from "vitest";
import type { SwitchoverOutcome } from "../../../src/agent-api/switchover.ts";
import type { TabletStatus } from "../../../src/agent-api/tablet-status.ts";
import { AppError } from "../../../src/base/app-error.ts";
import { askTablets, type ShardView, type TabletView } from "../../../src/cli/ask-tablets.ts";
import { isSound, shardProblems } from "../../../src/cli/shard-problems.ts";
import { parseShardsOptions } from "../../../src/cli/shards-options.ts";
import { shardsJson, shardsText } from "../../../src/cli/shards-report.ts";
import { switchOver } from "../../../src/cli/switch-over.ts";
import { wrapText } from "../../../src/cli/wrap-text.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { noCohort, type Shard, type Tablet, type Topology } from "../../../src/topology/snapshot.ts";
import { leastStatus } from "../../support/sample-status.ts";

const tablet = (name: string, port: number): Tablet => ({
  name,
  address: { host: "10.0.0.1", port: 5432 },
  agent: { host: "10.0.0.1", port },
});
const tablets = [tablet("s1-0", 7000), tablet("s1-1", 7001), tablet("s1-2", 7002), tablet("s1-10", 7010)];
const shard: Shard = {
  name: shardName("s1"),
  ordinal: 0,
  term: 7,
  primary: tablets[0],
  tablets,
  durability: "one",
  cohort: { standbys: ["s1-1", "s1-2"], acknowledgements: 1 },
  nextCohort: undefined,
};

const GB = 1024 ** 3;
const primary: TabletStatus = {
  ...leastStatus,
  name: "s1-0",
  role: "primary",
  term: 7,
  isWhole: true,
  ready: { isGood: true, reason: "primary of term 7" },
  lease: { kind: "mine", remainingMs: 4_940 },
  freeDiskBytes: 52 * GB,
  synchronous: { standbys: ["s1-1", "s1-2"], acknowledgements: 1 },
  standbys: [
    { name: "s1-1", state: "streaming", isSynchronous: true },
    { name: "s1-2", state: "catchup", isSynchronous: true },
  ],
  decisions: [
    {
      at: "2026-11-28T19:00:00.500Z",
      times: 1,
      decision: "promote",
      reason: "the topology names this tablet primary of term 7",
    },
    { at: "2026-11-28T19:00:02.000Z", times: 812, decision: "try-lease", reason: "the primary renews its lease" },
  ],
};
const standby: TabletStatus = {
  ...leastStatus,
  name: "s1-1",
  role: "standby",
  term: 7,
  isWhole: true,
  ready: { isGood: true, reason: "follows s1-0" },
  lease: { kind: "other", holder: "s1-0" },
  follows: { primary: "s1-0", term: 7 },
  lagBytes: 0,
  freeDiskBytes: 52 * GB,
  decisions: [
    {
      at: "2026-11-28T19:00:00.900Z",
      times: 1,
      decision: "follow",
      reason: "the topology names s1-0 primary of term 7",
    },
    { at: "2026-11-28T19:00:01.000Z", times: 4_000, decision: "wait", reason: "nothing is to be done" },
  ],
};
const answers = (index: number, status: TabletStatus): TabletView => ({
  kind: "answers",
  tablet: tablets[index]!,
  status: { ...status, name: tablets[index]!.name },
});
const silent = (index: number, problem: string): TabletView => ({ kind: "silent", tablet: tablets[index]!, problem });

const broken: ShardView = {
  shard,
  tablets: [
    answers(0, primary),
    answers(1, standby),
    answers(2, {
      ...standby,
      isWhole: false,
      ready: {
        isGood: false,
        reason: "its data is being built anew, because what it had had parted from the primary's",
      },
      activity: "cloning from s1-0: 45 % of 12 GB",
      lagBytes: 12 * 1024 ** 2,
      lagMs: 3_210,
      topologyAgeMs: 61_000,
      decisions: [],
    }),
    silent(3, "the agent of s1-10 (10.0.0.1:7010) cannot be reached: the connection is refused"),
  ],
};
const sound: ShardView = { shard: { ...shard, tablets: tablets.slice(0, 2) }, tablets: broken.tablets.slice(0, 2) };

const alone: Shard = { ...shard, tablets: tablets.slice(0, 1), durability: "majority", cohort: noCohort };

const local = (dataDir: string) => ({ place: { kind: "local", dataDir }, certificates: undefined });

test.each([
  [["status"], { ...local(".shardgres"), kind: "status", shard: undefined, decisions: 8, json: false }],
  [
    ["status", "--shard", "s1", "--json", "--decisions=0", "--data-dir", "d"],
    { ...local("d"), kind: "status", shard: "s1", decisions: 0, json: true },
  ],
  [
    ["switchover"],
    { ...local(".shardgres"), kind: "switchover", shard: undefined, to: undefined, force: false, drainMs: undefined },
  ],
  [
    ["switchover", "--shard=s1", "--to", "s1-1", "--force", "--wait", "3"],
    { ...local(".shardgres"), kind: "switchover", shard: "s1", to: "s1-1", force: true, drainMs: 3_000 },
  ],
  [
    ["status", "--topology", "/srv/topology", "--certificates", "/srv/certificates"],
    {
      place: {
        kind: "topology",
        place: { kind: "directory", directory: "/srv/topology" },
        kubeconfig: undefined,
        context: undefined,
      },
      certificates: "/srv/certificates",
      kind: "status",
      shard: undefined,
      decisions: 8,
      json: false,
    },
  ],
])("%j is understood", (args, options) => {
  expect(parseShardsOptions(args)).toEqual(options);
});

test.each([
  [[], "status or switchover?"],
  [["list"], 'there is no "shards list"'],
  [["status", "s1"], "unexpected argument 's1'"],
  [["status", "--force"], "unknown option '--force'"],
  [["status", "--decisions", "many"], '--decisions must be a whole number up to 1000, not "many"'],
  [["status", "--shard", ""], "--shard must not be empty"],
  [["status", "--certificates", ""], "--certificates must not be empty"],
  [["status", "--cluster", "shop"], "--certificates is missing"],
  [["switchover", "--topology", "/srv/topology"], "--certificates is missing"],
  [["switchover", "--json"], "unknown option '--json'"],
  [["switchover", "--to", ""], "--to must not be empty"],
  [["switchover", "--wait", "61"], '--wait must be a whole number up to 60, not "61"'],
  [["switchover", "--wait", "-1"], "option '--wait' argument is ambiguous"],
])("%j is refused", (args, message) => {
  expect(() => parseShardsOptions(args)).toThrow(message);
});

test("the status of a shard tells of its tablets, and its decisions as one story, within 80 columns", () => {
  const text = shardsText([broken, sound], { decisions: 2 });
  expect(text).toBe(`s1
  term 7, primary s1-0, durability one, commits wait for 1 of s1-1, s1-2
  s1-0   primary   term 7, lease for 4.9 s, 52 GB free
  s1-1   standby   term 7, synchronous, 0 bytes behind, 52 GB free
  s1-2   standby   term 7, synchronous, 12 MB behind (3.2 s), not whole, 52 GB
                   free, topology not confirmed for 61 s
                   not ready: its data is being built anew, because what it had
                   had parted from the primary's
                   cloning from s1-0: 45 % of 12 GB
  s1-10  no answer: the agent of s1-10 (10.0.0.1:7010) cannot be reached: the
         connection is refused
  decisions (UTC)
    11-28 19:00:00  s1-1   follow: the topology names s1-0 primary of term 7
    11-28 19:00:02  s1-0   try-lease: the primary renews its lease (812 times)

s1
  term 7, primary s1-0, durability one, commits wait for 1 of s1-1, s1-2
  s1-0  primary   term 7, lease for 4.9 s, 52 GB free
  s1-1  standby   term 7, synchronous, 0 bytes behind, 52 GB free
  decisions (UTC)
    11-28 19:00:00  s1-1  follow: the topology names s1-0 primary of term 7
    11-28 19:00:02  s1-0  try-lease: the primary renews its lease (812 times)
`);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("a shard without anything says so", () => {
  const { primary: _primary, ...rest } = shard;
  const lone: Shard = {
    ...rest,
    primary: undefined,
    durability: "none",
    cohort: { standbys: [], acknowledgements: 0 },
  };
  const view: ShardView = {
    shard: { ...lone, switchover: { to: "s1-0" }, nextCohort: shard.cohort },
    tablets: [
      answers(0, leastStatus),
      answers(1, { ...standby, follows: { primary: "s1-2", term: 6 }, decisions: [] }),
    ],
  };
  expect(shardsText([view], { decisions: 0 })).toBe(`s1
  term 7, no primary, durability none, commits wait for nobody or, while that
  changes, for 1 of s1-1, s1-2, a switchover to s1-0 is under way
  problem: it has no primary
  s1-0  no data   term unknown, not whole
                  not ready: there is no data yet
  s1-1  standby   term 7, follows s1-2, 0 bytes behind, 52 GB free
`);
});

test("as JSON it has all that the agents say", () => {
  const [found] = JSON.parse(shardsJson([broken])).shards;
  expect(found).toMatchObject({
    name: "s1",
    term: 7,
    primary: "s1-0",
    durability: "one",
    isSound: false,
    problems: [],
  });
  expect(found.tablets[0]).toMatchObject({ name: "s1-0", zone: null, answers: true, status: { role: "primary" } });
  expect(found.tablets[0].status.decisions).toHaveLength(2);
  expect(found.tablets[3]).toEqual({
    name: "s1-10",
    zone: null,
    answers: false,
    problem: "the agent of s1-10 (10.0.0.1:7010) cannot be reached: the connection is refused",
  });
});

const withPrimary = (status: Partial<TabletStatus>): ShardView => ({
  ...sound,
  tablets: [answers(0, { ...primary, ...status }), answers(1, standby)],
});

test.each<[string, ShardView, string[]]>([
  ["a sound one", sound, []],
  [
    "no primary",
    { ...sound, shard: { ...sound.shard, primary: undefined } },
    ["it has no primary", "s1-0 runs as primary of term 7, and is not named as such"],
  ],
  [
    "a silent primary",
    { ...sound, tablets: [silent(0, "x"), answers(1, standby)] },
    ["its primary, s1-0, does not answer"],
  ],
  [
    "a primary that has not been promoted",
    withPrimary({ role: "standby" }),
    ["s1-0 is to be primary of term 7, and is a standby"],
  ],
  [
    "a primary that does not run",
    withPrimary({ role: "stopped" }),
    ["s1-0 is to be primary of term 7, and is stopped"],
  ],
  ["a primary of before", withPrimary({ term: 6 }), ["s1-0 is primary of term 6, and the topology says of term 7"]],
  [
    "two primaries",
    { ...sound, tablets: [answers(0, primary), answers(1, { ...primary, term: 6 })] },
    ["s1-1 runs as primary of term 6, and is not named as such"],
  ],
  [
    "standbys that do not acknowledge",
    withPrimary({ standbys: [{ name: "s1-1", state: "catchup", isSynchronous: true }] }),
    ["commits wait: they need 1 of s1-1, s1-2, and none is connected"],
  ],
  [
    "a zone alone",
    { ...sound, shard: { ...sound.shard, durability: "zone", cohort: noCohort } },
    ["commits wait for nobody: no standby of another zone has joined yet, and durability is zone"],
  ],
  ["a majority of one", { shard: alone, tablets: [answers(0, { ...primary, synchronous: noCohort })] }, []],
  [
    "a tablet that should not be alone",
    { shard: { ...alone, durability: "one" }, tablets: [answers(0, { ...primary, synchronous: noCohort })] },
    ["commits wait for nobody: no standby has joined yet, and durability is one"],
  ],
  [
    "too few that do",
    withPrimary({ synchronous: { standbys: ["s1-1", "s1-2"], acknowledgements: 2 } }),
    ["commits wait: they need 2 of s1-1, s1-2, and s1-1 is connected"],
  ],
])("problems of %s", (_what, view, problems) => {
  expect(shardProblems(view)).toEqual(problems);
  expect(isSound(view)).toBe(problems.length === 0);
});

test("a shard with a tablet that is not ready or does not answer is not sound", () => {
  expect(isSound(broken)).toBe(false);
  expect(isSound({ ...broken, tablets: broken.tablets.slice(0, 3) })).toBe(false);
});

test("tablets are asked at the same time, and shown in order; what is wrong with this side is an error", async () => {
  let asking = 0;
  const both = Promise.withResolvers<void>();
  const client = {
    async status({ tablet }: { readonly tablet: string }) {
      if (++asking === 3) both.resolve();
      await both.promise;
      if (tablet === "s1-2") throw new AppError("agent-silent", "it is silent");
      return { ...standby, name: tablet };
    },
  };
  const { agent: _agent, ...unknown } = tablets[3]!;
  const view = await askTablets(client, { ...shard, tablets: [unknown, ...tablets.slice(0, 3)] });
  expect(
    view.tablets.map((each) => [each.tablet.name, each.kind === "answers" ? each.status.name : each.problem]),
  ).toEqual([
    ["s1-0", "s1-0"],
    ["s1-1", "s1-1"],
    ["s1-2", "it is silent"],
    ["s1-10", "the topology does not say where its agent is"],
  ]);
  for (const error of [new AppError("no-certificate", "none"), new TypeError("bug")]) {
    await expect(askTablets({ status: () => Promise.reject(error) }, shard)).rejects.toBe(error);
  }
});

/** What `switchover` makes of an outcome, and of the topologies after it. */
async function outcomeOf(
  outcome: SwitchoverOutcome | AppError,
  { request = {}, later = [], of = shard }: { request?: { to?: string }; later?: readonly Shard[]; of?: Shard } = {},
): Promise<string> {
  const switchover = async () => {
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  async function* changes() {
    for (const each of later) yield { shards: new Map([[each.name, each]]) } as unknown as Topology;
  }
  return await switchOver(of, request, { client: { switchover }, changes }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    return `${error.code}: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`;
  });
}

const done: SwitchoverOutcome = { kind: "done", primary: "s1-1", term: 8, pausedMs: 412 };
const unfinished: SwitchoverOutcome = { kind: "unfinished", reason: "s1-1 does not answer" };
const led = (index: number, term: number): Shard => ({ ...shard, primary: tablets[index], term });

test("a switchover is told with its outcome", async () => {
  expect(await outcomeOf(done)).toBe("s1: s1-1 is the primary of term 8; writes waited for 0.41 s");
  expect(await outcomeOf({ kind: "refused", reason: "s1-1 is 3 GB behind", hint: "Wait." })).toBe(
    "switchover-refused: the switchover of shard s1 is refused: s1-1 is 3 GB behind (Wait.)",
  );
  expect(await outcomeOf({ kind: "undone", reason: "2 transactions were open after 5 s" })).toBe(
    "switchover-undone: the switchover of shard s1 has been taken back: 2 transactions were open after 5 s",
  );
  expect(await outcomeOf(new AppError("agent-unreachable", "it cannot be reached"))).toBe(
    "agent-unreachable: it cannot be reached",
  );
});

test("one that is not finished, or of which nothing is heard any more, is followed in the topology", async () => {
  const later = [shard, led(1, 8)];
  expect(await outcomeOf(unfinished, { later })).toBe("s1: s1-1 is the primary of term 8");
  expect(await outcomeOf(new AppError("agent-silent", "it is silent"), { later })).toBe(
    "s1: s1-1 is the primary of term 8",
  );
  expect(await outcomeOf(unfinished, { later: [{ ...shard, primary: undefined }, led(0, 8)] })).toBe(
    "switchover-unfinished: s1-0 is the primary of shard s1 again, of term 8: s1-1 does not answer",
  );
  expect(await outcomeOf(unfinished, { later: [shard] })).toBe(
    "switchover-unfinished: the switchover of shard s1 has not come to an end: s1-1 does not answer",
  );
});

test("what makes no sense is not asked for", async () => {
  const never = new AppError("asked", "this was not to be asked");
  expect(await outcomeOf(never, { request: { to: "s1-0" } })).toBe("s1: s1-0 is the primary already");
  expect(await outcomeOf(never, { request: { to: "s2-0" } })).toBe(
    'refused: shard s1 has no tablet "s2-0" (It has s1-0, s1-1, s1-2, s1-10.)',
  );
  expect(await outcomeOf(never, { of: { ...shard, primary: undefined } })).toMatch(
    /^refused: shard s1 has no primary at present/,
  );
  expect(await outcomeOf(never, { of: { ...shard, tablets: [tablets[0]!] } })).toBe(
    "refused: shard s1 has no other tablet than s1-0",
  );
  const { agent: _agent, ...unknown } = tablets[0]!;
  expect(await outcomeOf(never, { of: { ...shard, primary: unknown } })).toMatch(/whose agent is not in the topology$/);
});

test("words are wrapped under where they began; a word that is too long stands out", () => {
  expect(wrapText("one two three", { start: "> ", columns: 9 })).toEqual(["> one two", "  three"]);
  expect(wrapText("one aVeryLongWord two", { start: "  ", columns: 8 })).toEqual(["  one", "  aVeryLongWord", "  two"]);
  expect(wrapText("", { start: "> " })).toEqual([">"]);
});
