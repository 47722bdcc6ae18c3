// One history: a shard of 2 to 5 tablets, from its first data on, under writing clients, things that go wrong for half a
// minute, then nothing more; within a minute from then a write must be acknowledged again. The same seed and faults give the
// same history.
import { noCohort, type Shard, type ShardName } from "../../src/topology/snapshot.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { makeChecker, type Switchovers, Violation } from "./checker.ts";
import { makeEvents } from "./events.ts";
import {
  type Fault,
  faultsUntilMs,
  healAll,
  makeFaults,
  policies,
  schedule,
  type Theme,
  themeNames,
} from "./faults.ts";
import { makeNetwork } from "./network-model.ts";
import { isWorking, type PostgresWorld, tickPostgres, write } from "./postgres-model.ts";
import { makeStore } from "./store-model.ts";
import { makeTablet, tickAgent } from "./tablet-model.ts";
import { tickMs } from "./timing.ts";
import type { Mutation, World } from "./world.ts";

export interface History {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly violation: string | undefined;
  readonly acknowledged: number;
  /** Highest term at the end; the first one is 1. */
  readonly term: number;
  /** From the end of the faults to the first acknowledged writes. */
  readonly recoveredMs: number;
  readonly switchovers: Switchovers;
}

const recoveryLimitMs = 60_000;
const gatewayDelayMs = 50;

export interface Variation {
  readonly mutation?: Mutation;
  /** Of what is to go wrong; otherwise that is chosen by the seed. */
  readonly theme?: Theme;
  /** Instead of those that the seed makes. */
  readonly faults?: readonly Fault[];
}

export function runHistory(seed: number, { mutation = {}, theme, faults: given }: Variation = {}): History {
  const random = seededRandom(seed);
  const chosen = random.pick(themeNames);
  const shard = makeShard(random);
  const mayHaveNone = shard.durability === "none" || random.next() < 0.2;
  const names = shard.tablets.map(({ name }) => name);
  const faults = given ?? makeFaults(random, theme ?? chosen, names, mayHaveNone);
  const world = makeWorld(seed, shard, mutation);
  const { events, checker } = world;
  let violation: string | undefined;
  let recoveredMs = 0;
  try {
    for (const fault of faults) schedule(fault, world);
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
  const { switchovers } = checker;
  const { term } = world.store.shard;
  return { seed, faults, violation, acknowledged: checker.count(), term, recoveredMs, switchovers };
}

function makeShard(random: Random): Shard {
  const count = random.pick([2, 3, 3, 4, 5]);
  const durability = random.next() < 0.15 ? "none" : random.pick(policies.slice(1));
  const address = { host: "h", port: 1 };
  const tablets = Array.from({ length: count }, (_, i) => ({ name: "abcde"[i]!, address, zone: "xyzxy"[i]! }));
  return {
    name: "s" as ShardName,
    ordinal: 0,
    primary: undefined,
    term: 0,
    tablets,
    durability,
    cohort: noCohort,
    nextCohort: undefined,
  };
}

export function makeWorld(seed: number, shard: Shard, mutation: Mutation): World {
  const random = randomOfHosts(seed);
  const events = makeEvents();
  const network = makeNetwork(events, random);
  const tablets = new Map(shard.tablets.map(({ name }) => [name, makeTablet(name)]));
  const store = makeStore(shard);
  const checker = makeChecker(store);
  const postgresWorld: PostgresWorld = {
    events,
    network,
    postgres: (name) => tablets.get(name)!.postgres,
    acknowledged: checker.acknowledged,
  };
  const world: World = { events, random, network, store, tablets, checker, mutation, awaited: [], postgresWorld };
  const again = (host: string, everyMs: number, run: () => void) => {
    const tick = () => {
      run();
      events.after(everyMs * (0.5 + random(host).next()), tick);
    };
    events.after(random(host).below(everyMs), tick);
  };
  for (const tablet of tablets.values()) {
    const { name, postgres, agent } = tablet;
    // Clients write to whatever calls itself primary, wherever it is, unless their gateway has heard of a switchover.
    const isHeld = () => store.shard.switchover !== undefined && events.now() - store.changedAtMs > gatewayDelayMs;
    again(`${name} clients`, 250, () => !isHeld() && isWorking(postgres, events.now()) && write(postgres));
    // Standbys that are all equally far would hide who has what.
    const everyMs = random(name).pick([80, 150, 600]);
    again(
      `${name} postgres`,
      everyMs,
      () => isWorking(postgres, events.now()) && tickPostgres(postgres, postgresWorld),
    );
    again(`${name} agent`, tickMs, () => agent.running && !agent.paused && tickAgent(tablet, world));
  }
  return world;
}

function randomOfHosts(seed: number): (host: string) => Random {
  const randoms = new Map<string, Random>();
  return (host) => {
    const known = randoms.get(host);
    if (known) return known;
    const own = seededRandom(
      [...host].reduce((sum, letter) => Math.imul(sum + letter.charCodeAt(0), 0x5bd1e995), seed),
    );
    randoms.set(host, own);
    return own;
  };
}
