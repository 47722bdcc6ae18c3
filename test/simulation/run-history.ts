// One history: a shard of 3 to 5 tablets under writing clients, things that go wrong for 40 seconds, then nothing more;
// within a minute from then a write must be acknowledged again. The same seed and faults give the same history.
import type { Cohort } from "../../tablet-agent/ha/cohort.ts";
import { seededRandom } from "../support/random.ts";
import { makeChecker, Violation } from "./checker.ts";
import { makeEvents } from "./events.ts";
import { begin, type Fault, faultsUntilMs, healAll, makeFaults } from "./faults.ts";
import { makeNetwork } from "./network-model.ts";
import { isWorking, type PostgresWorld, startPrimary, tickPostgres, write } from "./postgres-model.ts";
import { makeStore } from "./store-model.ts";
import { makeTablet, tickAgent, tickMs } from "./tablet-model.ts";
import type { Mutation, World } from "./world.ts";

export interface History {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly violation: string | undefined;
  readonly acknowledged: number;
  /** Highest term at the end; the first one is 1. */
  readonly term: number;
  /** From the end of the faults to the first acknowledged write. */
  readonly recoveredMs: number;
}

const recoveryLimitMs = 60_000;

export function runHistory(seed: number, mutation: Mutation = {}, only?: readonly Fault[]): History {
  const random = seededRandom(seed);
  const cohort = makeCohort(random.below(4));
  const faults = only ?? makeFaults(random, cohort.members);
  // What follows does not depend on the number of faults that were made.
  const world = makeWorld(seed ^ 0x5bd1e995, cohort, mutation);
  const { events, checker } = world;
  let violation: string | undefined;
  let recoveredMs = 0;
  try {
    for (const fault of faults) events.after(fault.atMs, () => events.after(fault.forMs, begin(fault, world)));
    events.run(faultsUntilMs, () => false);
    const before = checker.count();
    let isHealed = false;
    events.after(0, () => {
      healAll(world);
      isHealed = true;
    });
    events.run(faultsUntilMs + recoveryLimitMs, () => isHealed && checker.count() > before + 3);
    recoveredMs = events.now() - faultsUntilMs;
    if (checker.count() <= before + 3)
      throw new Violation(`nothing is acknowledged ${recoveryLimitMs / 1000} s after everything was repaired`);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  return { seed, faults, violation, acknowledged: checker.count(), term: world.store.shard.term, recoveredMs };
}

function makeCohort(shape: number): Cohort {
  const shapes: readonly [string, number][] = [
    ["abc", 1],
    ["abc", 2],
    ["abcd", 2],
    ["abcde", 2],
  ];
  const [members, k] = shapes[shape]!;
  return { members: [...members], k };
}

function makeWorld(seed: number, cohort: Cohort, mutation: Mutation): World {
  const random = seededRandom(seed);
  const events = makeEvents();
  const network = makeNetwork(events, random);
  const checker = makeChecker();
  const tablets = new Map(cohort.members.map((name) => [name, makeTablet(name, { term: 1, candidate: "a" })]));
  const store = makeStore({ term: 1, primary: "a", cohort, version: 1 });
  const world: World = { events, random, network, store, tablets, checker, mutation };
  const postgresWorld: PostgresWorld = {
    network,
    random,
    cohort,
    postgres: (name) => tablets.get(name)!.postgres,
    acknowledged: checker.acknowledged,
  };
  const again = (everyMs: number, run: () => void) => {
    const tick = () => {
      run();
      events.after(everyMs * (0.5 + random.next()), tick);
    };
    events.after(random.below(everyMs), tick);
  };
  for (const tablet of tablets.values()) {
    const { postgres, agent } = tablet;
    if (tablet.name === "a") startPrimary(postgres, 1);
    // Clients write to whatever calls itself primary, wherever it is.
    again(400, () => isWorking(postgres) && write(postgres));
    again(150, () => isWorking(postgres) && tickPostgres(postgres, postgresWorld));
    again(tickMs, () => agent.running && !agent.paused && tickAgent(tablet, world));
  }
  return world;
}
