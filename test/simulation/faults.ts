// What goes wrong in a history, and what its operator does: a list made from the seed, so that a failing one can be tried
// with fewer of them.
import type { DurabilityPolicy } from "../../src/topology/snapshot.ts";
import { beginSwitchover, whyNotTo } from "../../tablet-agent/ha/switch-over.ts";
import type { Random } from "../support/random.ts";
import { act } from "./agent-acts.ts";
import { resumeProcess, startProcess, stopProcess } from "./network-model.ts";
import { killPostgres } from "./postgres-model.ts";
import { emptyMemory, type Tablet } from "./tablet-model.ts";
import { patience } from "./timing.ts";
import { viewOf } from "./view-model.ts";
import type { World } from "./world.ts";

const kinds = [
  "kill-postgres",
  "kill-agent",
  "kill-machine",
  "pause-postgres",
  "pause-agent",
  "pause-machine",
  "jump-clock",
  "cut-one-way",
  "isolate",
  "store-away",
  "loss",
  "disk-full",
  "crash-loop",
  "switch-over",
  "set-policy",
] as const;

export const policies: readonly DurabilityPolicy[] = ["none", "one", "majority", "zone"];

export interface Fault {
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: (typeof kinds)[number] | "damage";
  /** Its name, or `primaryThen`. */
  readonly tablet: string;
  /** The other side of a cut; the target of a switchover. */
  readonly other: string;
  readonly policy: DurabilityPolicy;
  /** Of the clock. */
  readonly jumpMs: number;
}

/** Whichever tablet the topology names when it happens. */
const primaryThen = "the primary";

export const faultsUntilMs = 30_000;

/** Faults come in bursts: it is the second one, while the first is being answered, that finds what is wrong. */
export function makeFaults(random: Random, names: readonly string[], mayHaveNone: boolean): Fault[] {
  const who = () => (random.next() < 0.4 ? primaryThen : random.pick(names));
  const fault = (kind: Fault["kind"], fromMs: number): Fault => ({
    atMs: fromMs + random.below(6000),
    forMs: 50 + random.below(random.pick([300, 3000, 15_000])),
    kind,
    tablet: who(),
    other: random.next() < 0.7 ? random.pick(names) : "store",
    policy: policies[mayHaveNone ? random.below(4) : 1 + random.below(3)]!,
    jumpMs: (random.next() - 0.5) * 40_000,
  });
  const bursts = Array.from({ length: 2 + random.below(4) }, () => 2000 + random.below(faultsUntilMs - 9000));
  const faults = bursts.flatMap((fromMs) =>
    Array.from({ length: 1 + random.below(6) }, () => fault(random.pick(kinds), fromMs)),
  );
  if (random.next() < 0.15) faults.push(fault("damage", 3000 + random.below(15_000)));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

/** Makes it happen, and returns what ends it. */
export function begin(fault: Fault, world: World): () => void {
  const { network, store } = world;
  const nowMs = world.events.now();
  const name = fault.tablet === primaryThen ? (store.shard.primary?.name ?? "a") : fault.tablet;
  const tablet = world.tablets.get(name)!;
  const { agent, postgres } = tablet;
  const once = () => {};
  switch (fault.kind) {
    case "kill-postgres":
      killPostgres(postgres, nowMs);
      return once;
    case "kill-agent":
      killAgent(tablet);
      return () => startProcess(agent);
    case "kill-machine":
      killAgent(tablet);
      killPostgres(postgres, nowMs);
      return () => startProcess(agent);
    case "pause-postgres":
      postgres.process.paused = postgres.process.running;
      return () => resumeProcess(postgres.process);
    case "pause-agent":
      agent.paused = agent.running;
      return () => resumeProcess(agent);
    case "pause-machine":
      agent.paused = agent.running;
      postgres.process.paused = postgres.process.running;
      return () => {
        resumeProcess(postgres.process);
        resumeProcess(agent);
      };
    case "jump-clock":
      tablet.clockOffsetMs += fault.jumpMs;
      return once;
    case "cut-one-way":
      network.cuts.add(`${name}>${fault.other}`);
      return () => network.cuts.delete(`${name}>${fault.other}`);
    case "isolate": {
      const others = [...world.tablets.keys(), "store"];
      const cuts = others.flatMap((other) => [`${name}>${other}`, `${other}>${name}`]);
      for (const cut of cuts) network.cuts.add(cut);
      return () => {
        for (const cut of cuts) network.cuts.delete(cut);
      };
    }
    case "store-away":
      stopProcess(store.process);
      return () => startProcess(store.process);
    case "loss":
      network.loss = 0.4;
      return () => {
        network.loss = 0;
      };
    case "disk-full":
      postgres.isDiskFull = true;
      return () => {
        postgres.isDiskFull = false;
      };
    case "crash-loop":
      killPostgres(postgres, nowMs);
      postgres.crashesToCome = 1 + (fault.forMs % 8);
      return once;
    case "damage":
      // Nothing can bring back what one disk alone had.
      if (!isWell(world)) return once;
      killPostgres(postgres, nowMs);
      postgres.isDamaged = true;
      return once;
    case "switch-over":
      askSwitchover(world, fault.other);
      return once;
    case "set-policy":
      store.shard = { ...store.shard, durability: fault.policy };
      store.version++;
      return once;
  }
}

/** Everybody has everything, or is about to. */
function isWell({ store: { shard }, tablets }: World): boolean {
  const follows = ({ postgres: { role, whole } }: Tablet) =>
    whole && (role.kind === "standby" ? role.follows?.term : role.term) === shard.term;
  return shard.cohort.acknowledgements > 0 && !shard.nextCohort && [...tablets.values()].every(follows);
}

/** The primary's agent is asked for it. */
function askSwitchover(world: World, to: string): void {
  const tablet = world.tablets.get(world.store.shard.primary?.name ?? "");
  const shard = tablet?.memory.shard;
  if (!tablet || !shard || !tablet.agent.running || tablet.agent.paused) return;
  const view = viewOf(tablet, shard, world);
  if (whyNotTo(view, to, patience) === undefined) act(tablet, beginSwitchover(view, to, "it was asked for"), world);
}

function killAgent(tablet: Tablet): void {
  stopProcess(tablet.agent);
  tablet.memory = emptyMemory();
}

/** All that can be repaired from outside is. */
export function healAll({ tablets, network, store }: World): void {
  network.cuts.clear();
  network.loss = 0;
  startProcess(store.process);
  for (const { agent, postgres } of tablets.values()) {
    startProcess(agent);
    resumeProcess(agent);
    resumeProcess(postgres.process);
    postgres.isDiskFull = false;
    postgres.crashesToCome = 0;
  }
}
