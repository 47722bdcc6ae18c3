// A tablet is rewound while the primary goes on writing: pg_rewind has not copied all that the data need to be read again.
import { expect, onTestFinished, test, vi } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { createLog } from "../../src/base/log.ts";
import { shardName } from "../../src/topology/documents.ts";
import { noCohort, type Shard, type Tablet } from "../../src/topology/snapshot.ts";
import { decide } from "../../tablet-agent/ha/decide.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import { patience } from "../../tablet-agent/ha/patience.ts";
import { TabletSettings } from "../../tablet-agent/settings/tablet-settings.ts";
import { TabletPostgres } from "../../tablet-agent/tablet-postgres.ts";
import { createTabletState } from "../../tablet-agent/tablet-state.ts";
import { viewOf } from "../../tablet-agent/view.ts";
import { eventually } from "../support/eventually.ts";
import { keepDoing } from "../support/keep-doing.ts";
import { programsWithRewind } from "../support/postgres-programs.ts";
import { describeWith } from "../support/requirement.ts";
import { firstPrimary, type TestTablet, tabletsOf } from "../support/tablets.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
vi.setConfig({ testTimeout: 120_000 });

/** One that has written what nobody else has, stopped, and the primary of term 2, which goes on writing until `stop`. */
async function parted(): Promise<{ old: TestTablet; primary: TestTablet; stop: () => Promise<unknown> }> {
  const tablet = await tabletsOf(programsWithRewind()!, { log: createLog("x", "info") });
  const [old, primary] = [await tablet("s1-0"), await tablet("s1-1")];
  await firstPrimary(old);
  await old.ask("CREATE TABLE written (n int)");
  await primary.standBy(old, 1);
  // pg_rewind looks for the last one that both have.
  await old.checkpoint();
  await primary.catchUp(old);
  await primary.follow(undefined);
  await old.ask("INSERT INTO written SELECT generate_series(1, 10000)");
  await old.stop("immediate");
  await primary.see((seen) => seen.isAtEnd);
  await primary.begin(2, undefined);
  await primary.keepSlots([{ name: "s1-0", flushedLsn: undefined }]);
  const client = await primary.connect();
  // A segment of WAL after the other: those that come after pg_rewind has listed them are not copied.
  const work = keepDoing(async () => {
    await client.query("SELECT pg_switch_wal(); INSERT INTO written SELECT generate_series(1, 100)");
    await delay(50);
  });
  onTestFinished(() => void work.stop().catch(() => {}));
  return { old, primary, stop: () => work.stop() };
}

describeWith(["pg_rewind"], "a tablet that is rewound while the primary writes", () => {
  test("accepts connections only when it has got from it what was written meanwhile", async () => {
    const { old, primary, stop } = await parted();
    expect(await old.rewind(primary.upstream(2), new AbortController().signal)).toBe("rewound");
    await stop();
    const start = old.start({ kind: "standby", upstream: undefined });
    const isStarted = await Promise.race([
      start.then(
        () => true,
        () => true,
      ),
      delay(2_000).then(() => false),
    ]);
    expect(isStarted).toBe(false);
    await old.stop("immediate");
    await expect(start).rejects.toThrow();
    await old.start({ kind: "standby", upstream: primary.upstream(2) });
  });

  test("is whole when it has that, and can follow it then", async () => {
    const { old, primary, stop } = await parted();
    const agent = await agentOf(old);
    const upstream = primary.upstream(2);
    agent.rewind(upstream, undefined);
    await agent.actions.settled();
    expect(agent.state.state).toEqual({ pledge: { term: 2, candidate: "s1-1" }, isWhole: true, led: undefined });
    expect(agent.follows).toBeUndefined();
    expect((await old.look()).receiver).toBeUndefined();
    agent.follow(upstream);
    await agent.actions.settled();
    await stop();
    await old.catchUp(primary);
    const count = "SELECT count(*) FROM written";
    expect(await old.ask(count)).toBe(await primary.ask(count));
  });

  test("pledges meanwhile to another: the rewinding is broken off, and it witnesses nothing", async () => {
    const { old, primary, stop } = await parted();
    const agent = await agentOf(old);
    // The primary is gone as soon as pg_rewind is done with it.
    const start = old.start.bind(old);
    old.start = () => start({ kind: "standby", upstream: undefined });
    agent.rewind(primary.upstream(2), undefined);
    await eventually(() => old.process.kind === "starting");
    expect(decisionOf(agent)).toMatchObject({ kind: "wait" });
    await stop();
    const pledge = { term: 3, candidate: "s1-2" };
    await agent.givePledge(pledge);
    expect(agent.state.state).toEqual({ pledge, isWhole: false, led: undefined });
    expect(old.process.kind).toBe("stopped");
  });
});

/** What the agent of this tablet does with PostgreSQL. */
async function agentOf(server: TestTablet): Promise<TabletPostgres> {
  const log = createLog(server.name, "silent");
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const nothing = () => {};
  const state = { pledge: { term: 1, candidate: server.name }, isWhole: true, led: 1 };
  return await TabletPostgres.open({
    server,
    state: await createTabletState(server.directory, state),
    settings: new TabletSettings({
      ...{ server, proven: { settings: {}, write: async () => {} }, log },
      ...{ wanted: () => undefined, primaryRoom: () => undefined },
    }),
    ...{ now: () => performance.now(), pauseMs: () => 50, signal: ending.signal, log },
    ...{ onNews: nothing, onTrouble: nothing, onLoss: nothing, onActivity: nothing },
  });
}

/** While the topology names s1-1 primary of term 2. */
function decisionOf(postgres: TabletPostgres): Decision {
  const [self, primary] = ["s1-0", "s1-1"].map((name) => {
    const address = { host: "127.0.0.1", port: 1 };
    return { name, address, agent: address };
  }) as [Tablet, Tablet];
  const shard: Shard = {
    ...{ name: shardName("s1"), ordinal: 0, primary, term: 2, tablets: [self, primary] },
    ...{ durability: "none", cohort: noCohort, nextCohort: undefined },
  };
  const view = viewOf({
    ...{ self: self.name, nowMs: performance.now(), read: { shard, version: "" }, postgres, freeBytes: undefined },
    ...{ lease: { kind: "unknown" }, restsUntilMs: 0, answers: [], switchover: undefined, standbys: new Map() },
  });
  return decide(view, patience);
}
