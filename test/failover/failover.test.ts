// Failover on real processes: three tablets, a gateway, a network that can be cut, sixteen clients that remember what they
// were told, and some that go past the gateway to whatever calls itself primary. After every fault: nothing that was
// acknowledged is lost, nothing that was refused is there, never have two primaries acknowledged, all tablets are back by
// themselves, and clients have had no other errors than they may.
//
//   SHARDGRES_LONG=1     all faults, one after the other and two at a time; some of them otherwise
//   SHARDGRES_SEED=123   what an earlier run has printed
//   SHARDGRES_KEEP=1     the directory with all logs stays
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../support/random.ts";
import * as faults from "./faults.ts";
import { canMount } from "./stage.ts";
import { type Fault, type Outcome, Trials } from "./trial.ts";

const { SHARDGRES_LONG, SHARDGRES_SEED } = process.env;
const isLong = SHARDGRES_LONG !== undefined;
const seed = Number(SHARDGRES_SEED ?? Date.now() % 1_000_000);
const hasDisks = canMount();
const trialMsMax = 150_000;

const core: readonly Fault[] = [
  faults.switchover,
  faults.killPostgres,
  faults.killAgent,
  faults.loseAgent,
  faults.killMachine,
  faults.freezeMachine,
  faults.freezePostgres,
  faults.killStandby,
  faults.killAll,
  faults.takeStore,
  faults.takeStoreOfPrimary,
  faults.isolatePrimary,
  faults.cutWaysToStandbys,
  faults.cutGateway,
];

const more: readonly Fault[] = [
  faults.freezeAgent,
  faults.killStandbyAgent,
  faults.killStandbyMachine,
  faults.killBothStandbys,
  faults.freezeStandby,
  faults.freezeStandbyAgent,
  faults.freezeStandbyPostgres,
  faults.takeStoreOfStandby,
  faults.cutPrimaryFromStandbys,
  faults.cutWaysFromStandbys,
  faults.cutStandby,
];

const ofDisks: readonly Fault[] = [faults.fillDiskOfPrimary, ...(isLong ? [faults.fillDiskOfStandby] : [])];

let trials: Trials;

beforeAll(async () => {
  if (!hasDisks) console.log("left out: full disks, which need root's right to mount");
  trials = await Trials.start({ hasDisks });
});
afterAll(() => trials?.stop());

const all = [...core, ...(isLong ? more : []), ...(hasDisks ? ofDisks : [])];

test.each(all.map((fault) => [fault.name, fault] as const))(
  "%s",
  async (name, fault) => {
    const outcome = await trials.run(fault);
    report(name, outcome);
    expect(outcome.problems).toEqual([]);
  },
  trialMsMax,
);

test.runIf(isLong)(
  "two at a time",
  async () => {
    console.log(`SHARDGRES_SEED=${seed}`);
    const random = seededRandom(seed);
    const unplanned = all.filter(({ isPlanned }) => !isPlanned);
    for (let i = 0; i < 40; i++) {
      const [one, other] = [random.pick(unplanned), random.pick(unplanned)];
      const pair = faults.together(one, other, random.below(3_000));
      const outcome = await trials.run(pair);
      report(pair.name, outcome);
      expect(outcome.problems, pair.name).toEqual([]);
    }
  },
  40 * trialMsMax,
);

test("in the end all tablets have the same, and nothing was done twice", async () => {
  expect(await trials.finish()).toEqual([]);
});

function report(name: string, { pauseMs, wholeMs, failures, terms, primaries }: Outcome): void {
  const counts = Map.groupBy(failures, ({ place, code }) => `${code} (${place})`);
  const errors = [...counts].map(([what, { length }]) => `${length} times ${what}`).join(", ");
  const times = `${Math.round(pauseMs)} ms without writes, all back ${Math.round(wholeMs)} ms later`;
  console.log(`${name}: ${times}; ${primaries.join(" to ")}, term ${terms.join(" to ")}; ${errors || "no errors"}`);
}
