// Failover on real processes: three tablets, a gateway, a network that can be cut, sixteen clients that remember what they
// were told, and some that go past the gateway to whatever calls itself primary. After every fault: nothing that was
// acknowledged is lost, nothing that was refused is there, never have two primaries acknowledged, all tablets are back by
// themselves, and clients have had no other errors than they may.
//
//   SHARDGRES_LONG=1     all faults, one after the other and two at a time; some of them otherwise
//   SHARDGRES_SEED=123   what an earlier run has printed
//   SHARDGRES_KEEP=1     the directory with all logs stays
import { afterAll, beforeAll, expect, test } from "vitest";
import { canMount } from "../support/disk.ts";
import { seededRandom } from "../support/random.ts";
import { describeWith, ownDisks } from "../support/requirement.ts";
import * as diskFaults from "./disk-faults.ts";
import * as faults from "./faults.ts";
import { Subscriber } from "./subscriber.ts";
import { type Fault, type Outcome, Trials } from "./trial.ts";

const { SHARDGRES_LONG, SHARDGRES_SEED } = process.env;
const isLong = SHARDGRES_LONG !== undefined;
const seed = Number(SHARDGRES_SEED ?? Date.now() % 1_000_000);
const hasDisks = canMount();
const trialMsMax = 150_000;

const core: readonly Fault[] = [
  faults.switchover,
  faults.killPostgres,
  faults.crashLoop,
  faults.killAgent,
  faults.loseAgent,
  faults.freezeMachine,
  faults.freezeAgent,
  faults.freezePostgres,
  faults.killStandby,
  faults.freezeStandby,
  faults.killAll,
  faults.takeStore,
  faults.takeStoreOfPrimary,
  faults.isolatePrimary,
  faults.cutWaysToStandbys,
  faults.cutGateway,
  diskFaults.damageData,
  diskFaults.removeData,
  diskFaults.outrunStandby,
];

const more: readonly Fault[] = [
  faults.killStandbyAgent,
  faults.killStandbyMachine,
  faults.killBothStandbys,
  faults.freezeStandbyAgent,
  faults.freezeStandbyPostgres,
  faults.takeStoreOfStandby,
  faults.cutPrimaryFromStandbys,
  faults.cutWaysFromStandbys,
  faults.cutStandby,
];

const ofDisks: readonly Fault[] = [
  diskFaults.fillDiskOfPrimary,
  diskFaults.fillDiskOfAgent,
  diskFaults.fillDiskOfStandby,
  diskFaults.fillStore,
];

let trials: Trials;

beforeAll(async () => {
  trials = await Trials.start({ hasDisks });
});
afterAll(() => trials?.stop());

const forPairs = [...core, faults.killMachine, ...more, ...(hasDisks ? ofDisks : [])].filter(
  ({ isPlanned, isAlone }) => !isPlanned && !isAlone,
);

function tryEach(some: readonly Fault[]): void {
  test.each(some.map((fault) => [fault.name, fault] as const))("%s", (_, fault) => tryOne(fault), trialMsMax);
}

async function tryOne(fault: Fault): Promise<void> {
  const outcome = await trials.run(fault);
  report(fault.name, outcome);
  expect(outcome.problems, fault.name).toEqual([]);
}

tryEach([...core, ...(isLong ? more : [])]);

test(
  `${faults.killMachine.name}; who reads changes by a logical slot reads on`,
  async () => {
    const subscriber = await Subscriber.begin(trials.stage);
    await subscriber.isKept();
    await tryOne(faults.killMachine);
    const missing = trials.ledger.claims();
    await subscriber.read();
    expect(missing(subscriber.ids, new Map()).filter((claim) => claim.startsWith("row"))).toEqual([]);
    await subscriber.end();
  },
  trialMsMax,
);

describeWith([ownDisks], "full disks", () => tryEach(ofDisks));

test.runIf(isLong)(
  "two at a time",
  async () => {
    console.log(`SHARDGRES_SEED=${seed}`);
    const random = seededRandom(seed);
    for (let i = 0; i < 40; i++) {
      const [one, other] = [random.pick(forPairs), random.pick(forPairs)];
      await tryOne(faults.together(one, other, random.below(3_000)));
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
