// What goes wrong in a history, and what its operator does: a list made from the seed, so that a failing one can be tried
// with fewer of them.
import type { DurabilityPolicy, Shard } from "../../src/topology/snapshot.ts";
import type { ShardChange } from "../../tablet-agent/ha/decision.ts";
import { beginSwitchover, whyNotTo } from "../../tablet-agent/ha/switch-over.ts";
import type { Random } from "../support/random.ts";
import { act } from "./agent-acts.ts";
import { resumeProcess, startProcess, stopProcess } from "./network-model.ts";
import { killPostgres } from "./postgres-model.ts";
import { replaceShard } from "./store-model.ts";
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

type Kind = (typeof kinds)[number];

/** Each history has one: what happens in it, and how often each. Some things are found only when much is alike. */
const themes = {
  everything: Object.fromEntries(kinds.map((kind) => [kind, 1])),
  sleep: { "pause-agent": 6, "kill-agent": 3, "kill-machine": 2, "cut-one-way": 2, "jump-clock": 1 },
  network: { "cut-one-way": 6, isolate: 4, loss: 3, "store-away": 1, "pause-machine": 1 },
  crashes: {
    "kill-postgres": 4,
    "kill-machine": 5,
    "pause-machine": 2,
    "pause-postgres": 2,
    "crash-loop": 2,
    "disk-full": 2,
  },
  changes: { "set-policy": 5, "switch-over": 3, "kill-machine": 3, "pause-machine": 3, "cut-one-way": 3, isolate: 2 },
} satisfies Readonly<Record<string, Partial<Record<Kind, number>>>>;

export const primaryThen = "the primary";
export const firstThen = "the first who acknowledges";
export const lastThen = "the last who acknowledges";
export const leaverThen = "who is to acknowledge no more";
export const joinerThen = "who is to acknowledge from now on";

export type Theme = keyof typeof themes;

export const themeNames = Object.keys(themes) as Theme[];

export const policies: readonly DurabilityPolicy[] = ["none", "one", "majority", "zone"];

/** What a fault may wait for. */
export type Moment = ShardChange | "promote" | "clone" | "rewind";

/** What brings them about, on whom. */
const moments: readonly (readonly [Moment, Kind, typeof primaryThen | "anybody"])[] = [
  ["begin-cohort", "set-policy", "anybody"],
  ["begin-cohort", "pause-machine", "anybody"],
  ["begin-cohort", "kill-machine", "anybody"],
  ["settle-cohort", "pause-machine", "anybody"],
  ["name-primary", "pause-agent", primaryThen],
  ["begin-switchover", "switch-over", primaryThen],
  ["promote", "kill-machine", primaryThen],
  ["rewind", "isolate", primaryThen],
];

export interface Fault {
  readonly atMs: number;
  /** It waits until this happens somewhere, and for `afterMs` more. */
  readonly moment: Moment | undefined;
  readonly afterMs: number;
  readonly forMs: number;
  readonly kind: Kind | "damage";
  /** Its name, or whoever is that when it happens. */
  readonly tablet: string;
  /** The other side of a cut; the target of a switchover. */
  readonly other: string;
  /** Nothing comes from the other side any more; otherwise nothing gets there. */
  readonly isDeaf: boolean;
  readonly policy: DurabilityPolicy;
  /** Of the clock. */
  readonly jumpMs: number;
}

export const faultsUntilMs = 30_000;

/** Faults come in bursts: it is the second one, while the first is being answered, that finds what is wrong. */
export function makeFaults(random: Random, theme: Theme, names: readonly string[], mayHaveNone: boolean): Fault[] {
  const kinds = Object.entries(themes[theme]).flatMap(([kind, weight]) => Array<Kind>(weight).fill(kind as Kind));
  const who = () =>
    random.next() < 0.5
      ? random.pick([primaryThen, primaryThen, firstThen, leaverThen, joinerThen])
      : random.pick(names);
  const isAimed = random.next() < 0.5;
  const fault = (kind: Fault["kind"], fromMs: number, moment: Moment | undefined): Fault => ({
    atMs: fromMs + random.below(moment ? 100 : 6000),
    moment: random.next() < 0.8 ? moment : undefined,
    afterMs: random.below(random.pick([30, 600])),
    forMs: 50 + random.below(random.pick([500, 4000, 12_000])),
    kind,
    tablet: who(),
    other: random.next() < 0.6 ? random.pick(names) : "store",
    isDeaf: random.next() < 0.5,
    policy: policies[mayHaveNone ? random.below(4) : 1 + random.below(3)]!,
    jumpMs: (random.next() - 0.5) * 40_000,
  });
  const bursts = Array.from({ length: 3 + random.below(4) }, () => 2500 + random.below(faultsUntilMs - 9000));
  const faults = bursts.flatMap((fromMs) => {
    const [moment, cause, whom] = isAimed ? random.pick(moments) : [];
    const some = Array.from({ length: 2 + random.below(5) }, () => fault(random.pick(kinds), fromMs, moment));
    if (!cause) return some;
    const first = {
      ...fault(cause, fromMs + 200, undefined),
      forMs: 3500,
      ...(whom === primaryThen && { tablet: whom }),
    };
    return [first, ...some];
  });
  if (random.next() < 0.15) faults.push(fault("damage", 3000 + random.below(15_000), undefined));
  return faults.sort((a, b) => a.atMs - b.atMs);
}

/** What an operator does on a quiet day: one switchover after the other, to whomever. */
export function planSwitchovers(random: Random, names: readonly string[]): Fault[] {
  const nothing = {
    moment: undefined,
    afterMs: 0,
    forMs: 0,
    tablet: primaryThen,
    isDeaf: false,
    policy: "one",
    jumpMs: 0,
  } as const;
  return [8000, 12_000, 16_000, 20_000, 24_000].map((fromMs) => {
    return { ...nothing, atMs: fromMs + random.below(1000), kind: "switch-over", other: random.pick(names) } as const;
  });
}

/** Makes it happen when its time has come, and ends it. */
export function schedule(fault: Fault, world: World): void {
  const { events, awaited } = world;
  const happen = () => events.after(fault.forMs, begin(fault, world));
  const wait = () => awaited.push({ moment: fault.moment!, run: () => events.after(fault.afterMs, happen) });
  events.after(fault.atMs, fault.moment ? wait : happen);
}

/** Returns what ends it. */
function begin(fault: Fault, world: World): () => void {
  const { network, store } = world;
  const nowMs = world.events.now();
  const name = nameThen(fault.tablet, store.shard);
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
    case "cut-one-way": {
      const cut = fault.isDeaf ? `${fault.other}>${name}` : `${name}>${fault.other}`;
      network.cuts.add(cut);
      return () => network.cuts.delete(cut);
    }
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
      replaceShard(store, store.version, { ...store.shard, durability: fault.policy }, nowMs);
      return once;
  }
}

function nameThen(tablet: string, shard: Shard): string {
  const { cohort, nextCohort = cohort, primary } = shard;
  const [left, joined] = [cohort.standbys, nextCohort.standbys];
  const whoThen: Readonly<Record<string, string | undefined>> = {
    [primaryThen]: primary?.name,
    [firstThen]: joined[0],
    [lastThen]: joined.at(-1),
    [leaverThen]: left.find((name) => !joined.includes(name)),
    [joinerThen]: joined.find((name) => !left.includes(name)),
  };
  return tablet in whoThen ? (whoThen[tablet] ?? shard.tablets[0]!.name) : tablet;
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
  // To itself: a restart in place, for settings that need one.
  const isRestart = to === tablet.name && view.postgres.kind === "primary";
  if (isRestart) tablet.postgres.isRestartPending = true;
  if (isRestart || whyNotTo(view, to, patience) === undefined)
    act(tablet, beginSwitchover(view, to, "it was asked for"), world);
}

function killAgent(tablet: Tablet): void {
  stopProcess(tablet.agent);
  tablet.memory = emptyMemory();
}

/** All that can be repaired from outside is. */
export function healAll({ tablets, network, store, awaited }: World): void {
  awaited.length = 0;
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
