// A model of the tablet agent around `decide`: it asks the store and the others, and does what was decided, as a process
// that can be killed and paused, with a clock of its own, next to a PostgreSQL that lives on without it.

import { unreachable } from "../../src/base/assert.ts";
import type { ClusterView, LeaseState, ShardRecord } from "../../tablet-agent/ha/cluster-view.ts";
import { decide } from "../../tablet-agent/ha/decide.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import { isNamed } from "../../tablet-agent/ha/may-lead.ts";
import { mayPledge, type Pledge, type TabletAnswer } from "../../tablet-agent/ha/pledge.ts";
import { makeProcess, type Process } from "./network-model.ts";
import {
  killPostgres,
  makePostgres,
  type Postgres,
  startPrimary,
  startStandby,
  walPosition,
} from "./postgres-model.ts";
import { leaseHolder, namePrimary, releaseLease, tryLease } from "./store-model.ts";
import type { World } from "./world.ts";

export const tickMs = 250;
const leaseMs = 2000;
const patience = { confirmationMs: 1500, freeLeaseMs: 500, candidateMs: 2000 };

/** What an agent has in memory: gone when it is killed. */
interface Memory {
  shard: ShardRecord | undefined;
  readonly answers: Map<string, TabletAnswer>;
  leaseUntilMs: number | undefined;
  candidateSinceMs: number | undefined;
  seen: { readonly atMs: number; readonly holder: string | undefined } | undefined;
  freeSinceMs: number | undefined;
  restsUntilMs: number;
}

export interface Tablet {
  readonly name: string;
  readonly agent: Process;
  readonly postgres: Postgres;
  /** On disk. */
  pledge: Pledge;
  clockOffsetMs: number;
  memory: Memory;
}

export function makeTablet(name: string, pledge: Pledge): Tablet {
  const [agent, postgres] = [makeProcess(name), makePostgres(name)];
  return { name, agent, postgres, pledge, clockOffsetMs: 0, memory: emptyMemory() };
}

export function emptyMemory(): Memory {
  return {
    shard: undefined,
    answers: new Map(),
    leaseUntilMs: undefined,
    candidateSinceMs: undefined,
    seen: undefined,
    freeSinceMs: undefined,
    restsUntilMs: Number.NEGATIVE_INFINITY,
  };
}

export function tickAgent(tablet: Tablet, world: World): void {
  readStore(tablet, world);
  const { shard } = tablet.memory;
  if (!shard) return;
  const seen = viewOf(tablet, shard, world);
  const view = world.mutation.view?.(seen) ?? seen;
  if (view.postgres.kind === "primary" || isNamed(view)) askOthers(tablet, undefined, world);
  const decision = decide(view, patience);
  act(tablet, world.mutation.decision?.(decision, view) ?? decision, world);
}

function clock({ clockOffsetMs }: Tablet, { events }: World): number {
  return events.now() + clockOffsetMs;
}

function viewOf(tablet: Tablet, shard: ShardRecord, world: World): ClusterView {
  const { name: self, pledge, postgres, memory } = tablet;
  const { role, process } = postgres;
  return {
    self,
    nowMs: clock(tablet, world),
    shard,
    pledge,
    postgres: process.running ? role : { kind: "stopped" },
    wal: walPosition(postgres),
    lease: leaseState(tablet, world),
    restsUntilMs: memory.restsUntilMs,
    answers: [...memory.answers.values()],
  };
}

function leaseState(tablet: Tablet, world: World): LeaseState {
  const { leaseUntilMs, candidateSinceMs, seen, freeSinceMs } = tablet.memory;
  const nowMs = clock(tablet, world);
  if (leaseUntilMs !== undefined && nowMs < leaseUntilMs)
    return { kind: "mine", untilMs: leaseUntilMs, candidateSinceMs };
  if (!seen || Math.abs(nowMs - seen.atMs) > 1500) return { kind: "unknown" };
  if (seen.holder !== undefined && seen.holder !== tablet.name) return { kind: "other" };
  return { kind: "free", sinceMs: freeSinceMs ?? nowMs };
}

function act(tablet: Tablet, decision: Decision, world: World): void {
  const { memory, postgres, name } = tablet;
  if (decision.kind !== "ask-pledges") memory.candidateSinceMs = undefined;
  switch (decision.kind) {
    case "wait":
      break;
    case "try-lease":
      askLease(tablet, world);
      break;
    case "release-lease":
      memory.restsUntilMs = clock(tablet, world) + 500 + world.random.below(2000);
      giveUpLease(tablet, world);
      break;
    case "stop-primary":
      killPostgres(postgres);
      break;
    case "start-standby":
      startStandby(postgres, undefined);
      break;
    case "promote":
      if (postgres.process.paused) killPostgres(postgres);
      startPrimary(postgres, decision.term);
      world.checker.promoted(name, decision.term, postgres.wal);
      break;
    case "follow": {
      const { primary, term } = decision;
      cutReceiver(postgres);
      tablet.pledge = { term, candidate: primary };
      startStandby(postgres, { primary, term });
      break;
    }
    case "ask-pledges":
      memory.candidateSinceMs ??= clock(tablet, world);
      givePledge(tablet, { term: decision.term, candidate: name }, world);
      askOthers(tablet, tablet.pledge, world);
      break;
    case "name-primary":
      nameInStore(tablet, decision, world);
      break;
    default:
      unreachable(decision);
  }
}

/** Nothing of the old primary is received or acknowledged any more; what has been received is flushed. */
function cutReceiver(postgres: Postgres): void {
  if (postgres.process.paused || postgres.role.kind === "primary") killPostgres(postgres);
  postgres.flushed = postgres.wal.length;
  if (postgres.process.running) postgres.role = { kind: "standby", follows: undefined };
}

function givePledge(tablet: Tablet, asked: Pledge, { mutation }: World): void {
  if (!mayPledge(tablet.pledge, asked)) return;
  if (tablet.pledge.term === asked.term) return;
  if (!mutation.keepReceiver) cutReceiver(tablet.postgres);
  tablet.pledge = asked;
}

/** Asks for a pledge, or just what they know. */
function askOthers(tablet: Tablet, asked: Pledge | undefined, world: World): void {
  const { network } = world;
  const askedAtMs = clock(tablet, world);
  const { memory } = tablet;
  for (const other of world.tablets.values()) {
    if (other === tablet) continue;
    network.send(tablet.name, other.agent, () => {
      if (asked) givePledge(other, asked, world);
      const answer = { name: other.name, pledge: other.pledge, wal: walPosition(other.postgres), askedAtMs };
      network.send(other.name, tablet.agent, () => {
        const last = memory.answers.get(other.name);
        // Answers may overtake each other; a pledge never goes back.
        if (!last || answer.pledge.term >= last.pledge.term) memory.answers.set(other.name, answer);
      });
    });
  }
}

function askStore(tablet: Tablet, { network, store }: World, atStore: () => () => void): void {
  network.send(tablet.name, store.process, () => {
    const answer = atStore();
    network.send("store", tablet.agent, answer);
  });
}

function readStore(tablet: Tablet, world: World): void {
  const { memory } = tablet;
  const atMs = clock(tablet, world);
  askStore(tablet, world, () => {
    const { shard } = world.store;
    const holder = leaseHolder(world.store, world.events.now());
    return () => {
      if (!memory.shard || shard.version > memory.shard.version) memory.shard = shard;
      if (memory.seen && memory.seen.atMs > atMs && memory.seen.atMs <= clock(tablet, world)) return;
      memory.seen = { atMs, holder };
      memory.freeSinceMs = holder === undefined ? (memory.freeSinceMs ?? atMs) : undefined;
    };
  });
}

function askLease(tablet: Tablet, world: World): void {
  const { memory, name } = tablet;
  const untilMs = clock(tablet, world) + leaseMs;
  askStore(tablet, world, () => {
    const isGranted = tryLease(world.store, name, world.events.now(), leaseMs);
    return () => {
      if (isGranted) memory.leaseUntilMs = Math.max(memory.leaseUntilMs ?? untilMs, untilMs);
    };
  });
}

function giveUpLease(tablet: Tablet, world: World): void {
  tablet.memory.leaseUntilMs = undefined;
  askStore(tablet, world, () => {
    releaseLease(world.store, tablet.name);
    return () => {};
  });
}

function nameInStore(tablet: Tablet, decision: Decision & { kind: "name-primary" }, world: World): void {
  const { primary, term, version } = decision;
  askStore(tablet, world, () => {
    const before = world.store.shard.term;
    if (namePrimary(world.store, primary, term, world.mutation.blindWrite ? world.store.shard.version : version))
      world.checker.named(before, term);
    return () => {};
  });
  if (primary !== tablet.name) giveUpLease(tablet, world);
}
