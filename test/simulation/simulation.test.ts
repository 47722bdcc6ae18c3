// The protocol of failover in thousands of histories, and the proof that the checker bites. `npm run simulate` runs more.
import { describe, expect, test } from "vitest";
import { seededRandom } from "../support/random.ts";
import { planSwitchovers } from "./faults.ts";
import { type Mutant, mutations } from "./mutations.ts";
import { runHistory } from "./run-history.ts";
import { describeHistory, shrink } from "./shrink.ts";

const histories = 20_000;
const mutantHistoriesMax = 3000;

test(`${histories} histories lose nothing that was acknowledged, and all have a primary again`, () => {
  let [acknowledged, terms] = [0, 0];
  for (let seed = 1; seed <= histories; seed++) {
    const history = runHistory(seed);
    if (history.violation !== undefined) expect.fail(describeHistory(shrink(history, {})));
    acknowledged += history.acknowledged;
    terms += history.term - 1;
  }
  // They would prove nothing if nobody wrote, or if nobody ever failed over.
  expect(acknowledged / histories).toBeGreaterThan(40);
  expect(terms / histories).toBeGreaterThan(1);
}, 300_000);

test("a history is the same every time", () => {
  expect(runHistory(31)).toEqual(runHistory(31));
});

test("switchovers, when nothing else happens, lose nothing, and leave no client in doubt", () => {
  let [begun, undone, others, restarts] = [0, 0, 0, 0];
  for (let seed = 1; seed <= 300; seed++) {
    const faults = planSwitchovers(seededRandom(seed), ["a", "b"]);
    const { violation, switchovers } = runHistory(seed, { faults });
    expect(violation).toBeUndefined();
    expect(switchovers.inDoubt).toBe(0);
    begun += switchovers.begun;
    // Others take over from a target that hears too late that the lease is free.
    others += switchovers.begun - switchovers.done - switchovers.undone;
    undone += switchovers.undone;
    restarts += switchovers.restarts;
  }
  // Those to whom is primary already are restarts in place; a slow answer may undo a switchover.
  expect(begun).toBeGreaterThan(500);
  expect(restarts).toBeGreaterThan(200);
  expect(undone / begun).toBeLessThan(0.1);
  expect(others / begun).toBeLessThan(0.01);
});

describe("a rule of safety that is switched off is noticed", () => {
  test.each(Object.entries(mutations))("%s", (_, mutant) => {
    // Not just that nobody becomes primary: that is not what these rules are for.
    expect(firstFailing(mutant, (violation) => !violation.startsWith("nothing"))).toBeDefined();
  });
});

test("a failing history is shrunk to the faults that matter", () => {
  const { mutation } = mutations["the lease alone makes a primary"]!;
  const failing = firstFailing({ mutation }, () => true)!;
  const shrunk = shrink(failing, mutation);
  expect(shrunk.violation).toBeDefined();
  expect(shrunk.faults.length).toBeLessThan(failing.faults.length);
  expect(failing.faults).toEqual(expect.arrayContaining([...shrunk.faults]));
  // None of those that remain can be left out.
  for (const fault of shrunk.faults) {
    const without = shrunk.faults.filter((other) => other !== fault);
    expect(runHistory(shrunk.seed, { mutation, faults: without }).violation).toBeUndefined();
  }
});

function firstFailing(mutant: Mutant, isIt: (violation: string) => boolean) {
  for (let seed = 1; seed <= mutantHistoriesMax; seed++) {
    const history = runHistory(seed, mutant);
    if (history.violation !== undefined && isIt(history.violation)) return history;
  }
  return undefined;
}
