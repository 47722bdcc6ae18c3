// What goes wrong in a history: a list made from the seed, so that a failing one can be tried with fewer of them.
import type { Random } from "../support/random.ts";
import { resumeProcess, startProcess, stopProcess } from "./network-model.ts";
import { killPostgres } from "./postgres-model.ts";
import { emptyMemory, type Tablet } from "./tablet-model.ts";
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
] as const;

export interface Fault {
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: (typeof kinds)[number];
  /** Its name, or `primaryThen`. */
  readonly tablet: string;
  /** The other side of a cut. */
  readonly other: string;
}

/** Whichever tablet the topology names when it happens. */
const primaryThen = "the primary";

export const faultsUntilMs = 40_000;

/** Faults come in bursts: it is the second one, while the first is being answered, that finds what is wrong. */
export function makeFaults(random: Random, names: readonly string[]): Fault[] {
  const who = () => (random.next() < 0.4 ? primaryThen : random.pick(names));
  const bursts = Array.from({ length: 2 + random.below(5) }, () => 1500 + random.below(faultsUntilMs - 8000));
  return bursts
    .flatMap((burstMs) =>
      Array.from({ length: 1 + random.below(6) }, () => ({
        atMs: burstMs + random.below(6500),
        forMs: 50 + random.below(random.pick([300, 3000, 20_000])),
        kind: random.pick(kinds),
        tablet: who(),
        other: random.pick([...names, "store"]),
      })),
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** Makes it happen, and returns what ends it. */
export function begin(fault: Fault, world: World): () => void {
  const name = fault.tablet === primaryThen ? world.store.shard.primary : fault.tablet;
  const tablet = world.tablets.get(name)!;
  const { agent, postgres } = tablet;
  const { network } = world;
  switch (fault.kind) {
    case "kill-postgres":
      killPostgres(postgres);
      return () => {};
    case "kill-agent":
      killAgent(tablet);
      return () => startProcess(agent);
    case "kill-machine":
      killAgent(tablet);
      killPostgres(postgres);
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
      tablet.clockOffsetMs += (world.random.next() - 0.5) * 40_000;
      return () => {};
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
      stopProcess(world.store.process);
      return () => startProcess(world.store.process);
    case "loss":
      network.loss = 0.4;
      return () => {
        network.loss = 0;
      };
  }
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
  }
}
