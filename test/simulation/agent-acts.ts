// What a simulated agent does to its PostgreSQL, its disk, the store and the others when something has been decided.

import type { Pledge } from "../../src/agent-api/pledge.ts";
import { unreachable } from "../../src/base/assert.ts";
import type { Cohort } from "../../src/topology/snapshot.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import { mayPledge } from "../../tablet-agent/ha/pledge.ts";
import {
  copyData,
  killPostgres,
  makeData,
  type Postgres,
  primaryRole,
  promotePostgres,
  recordTerm,
  startPostgres,
  termOf,
  type Upstream,
} from "./postgres-model.ts";
import { leaseHolder, releaseLease, replaceShard, tryLease } from "./store-model.ts";
import type { Said, Tablet } from "./tablet-model.ts";
import { leaseMs, silenceMs } from "./timing.ts";
import { clock, walAtEnd } from "./view-model.ts";
import { happens, type World } from "./world.ts";

type Of<K extends Decision["kind"]> = Decision & { readonly kind: K };

export function act(tablet: Tablet, decision: Decision, world: World): void {
  const { memory, postgres, name } = tablet;
  const nowMs = world.events.now();
  const isNaming = decision.kind === "change-shard" && decision.change === "name-primary";
  if (decision.kind !== "ask-pledges" && !isNaming) memory.candidateSinceMs = undefined;
  switch (decision.kind) {
    case "wait":
      break;
    case "try-lease":
      askLease(tablet, world);
      break;
    case "release-lease":
      memory.rest = {
        untilMs: clock(tablet, world) + decision.restMs * (0.5 + world.random(name).next()),
        term: memory.shard!.term,
      };
      giveUpLease(tablet, world);
      break;
    case "change-shard":
      changeShard(tablet, decision, world);
      break;
    case "give-pledge":
      if (!givePledge(tablet, decision, world)) giveUpLease(tablet, world);
      break;
    case "ask-pledges":
      memory.candidateSinceMs ??= clock(tablet, world);
      if (givePledge(tablet, { term: decision.term, candidate: name }, world)) askOthers(tablet, tablet.pledge, world);
      break;
    case "initialise":
      makeData(postgres);
      break;
    case "clone":
    case "rewind":
      rebuild(tablet, decision, world);
      break;
    case "start-standby":
      startPostgres(postgres, standby(undefined), world.random(name), nowMs);
      break;
    case "start-primary":
      startPrimary(tablet, decision, world);
      break;
    case "promote":
      promotePostgres(postgres, decision.term, decision.synchronous);
      finishPromotion(tablet, decision, world);
      break;
    case "follow":
      cutReceiver(postgres, nowMs);
      tablet.pledge = { term: decision.term, candidate: decision.primary };
      postgres.role = standby(upstream(decision, world));
      break;
    case "follow-nobody":
      cutReceiver(postgres, nowMs);
      break;
    case "stop":
      stop(tablet, decision.mode, world);
      break;
    case "set-synchronous":
      setSynchronous(tablet, decision.cohort, world);
      break;
    default:
      unreachable(decision);
  }
}

function upstream({ primary, term }: Of<"follow">, { tablets }: World): Upstream {
  return { primary, term, copy: tablets.get(primary)!.postgres.copy };
}

function standby(follows: Upstream | undefined) {
  return { kind: "standby", follows, cannotFollow: false } as const;
}

function stop({ postgres }: Tablet, mode: Of<"stop">["mode"], { events, checker }: World): void {
  const { role, wal } = postgres;
  if (mode !== "fast" || role.kind !== "primary") {
    killPostgres(postgres, events.now(), mode !== "kill");
  } else if (role.stopsAtMs === undefined) {
    checker.leftInDoubt(wal.length - role.acknowledged);
    role.stopsAtMs = events.now() + 2500;
  }
}

/** Runs later, if the agent still runs then, has not been started again, and is not asleep. */
function later(tablet: Tablet, delayMs: number, world: World, run: () => void): void {
  const { memory, agent } = tablet;
  memory.isBusy = true;
  world.events.after(delayMs, () => {
    if (tablet.memory !== memory) return;
    const finish = () => {
      memory.isBusy = false;
      run();
    };
    if (agent.paused) agent.inbox.push(finish);
    else finish();
  });
}

function startPrimary(tablet: Tablet, decision: Of<"start-primary">, world: World): void {
  const { postgres, name } = tablet;
  if (postgres.process.running) killPostgres(postgres, world.events.now(), true);
  const role = primaryRole(postgres, decision.term, decision.synchronous);
  if (!startPostgres(postgres, role, world.random(name), world.events.now())) return;
  world.checker.promoted(name, decision.term, postgres.wal);
  role.isWritable = termOf(postgres) === decision.term;
  later(tablet, postgres.readyAtMs - world.events.now(), world, () => finishPromotion(tablet, decision, world));
}

/** The record of the term comes a moment after the promotion, from the agent. */
function finishPromotion(tablet: Tablet, decision: Of<"start-primary"> | Of<"promote">, world: World): void {
  const { postgres, name } = tablet;
  const { role } = postgres;
  if (role.kind !== "primary") return;
  if (decision.kind === "promote") {
    world.checker.promoted(name, decision.term, postgres.wal);
    happens("promote", world);
  }
  later(tablet, 5 + 300 * world.random(name).next() ** 4, world, () => {
    if (postgres.role !== role || !postgres.process.running || postgres.process.paused) return;
    recordTerm(postgres, decision.term, decision.starts);
    role.inForceSinceLsn = postgres.wal.length;
    postgres.flushed = postgres.wal.length;
    tablet.promotedTerm = decision.term;
  });
}

function setSynchronous(tablet: Tablet, cohort: Cohort, world: World): void {
  const { role, process } = tablet.postgres;
  // One thing at a time: what is under way for a PostgreSQL that is frozen is not begun again.
  if (role.kind !== "primary" || tablet.memory.isBusy) return;
  // Some sessions and walsenders have the new names already, others not yet.
  role.names = [cohort, ...role.names];
  role.inForceSinceLsn = undefined;
  later(tablet, 10 + 1500 * world.random(tablet.name).next() ** 4, world, () => {
    if (tablet.postgres.role !== role || process.paused) return;
    role.names = [cohort];
    role.inForceSinceLsn = tablet.postgres.flushed;
  });
}

function rebuild(tablet: Tablet, { kind, primary, term }: Of<"clone"> | Of<"rewind">, world: World): void {
  const { postgres, name } = tablet;
  const random = world.random(name);
  happens(kind, world);
  if (postgres.process.running) killPostgres(postgres, world.events.now(), true);
  tablet.pledge = { term, candidate: primary };
  postgres.whole = false;
  const { pledge, memory } = tablet;
  later(tablet, 200 + random.below(2000), world, () => {
    const source = world.tablets.get(primary)!.postgres;
    // What comes over the network in that time is broken off now and then.
    world.network.send(name, source.process, () => {
      const { role } = source;
      if (role.kind !== "primary" || role.term !== term) return;
      const copy = { ...source, wal: source.wal.slice(0, source.flushed) };
      world.network.send(primary, tablet.agent, () => {
        if (tablet.pledge !== pledge || tablet.memory !== memory || random.next() < 0.1 || postgres.whole) return;
        copyData(postgres, copy);
      });
    });
  });
}

/** Nothing of the old primary is received or acknowledged any more; what has been received is flushed. */
export function cutReceiver(postgres: Postgres, nowMs: number): void {
  if (postgres.process.paused || postgres.role.kind === "primary") killPostgres(postgres, nowMs, true);
  postgres.flushed = postgres.wal.length;
  if (postgres.process.running) postgres.role = standby(undefined);
}

/** Whether nothing has failed: it is given then, or cannot be. */
export function givePledge(tablet: Tablet, asked: Pledge, { mutation, events }: World): boolean {
  if (!mayPledge(tablet.pledge, asked)) return true;
  if (tablet.pledge.term === asked.term) return true;
  if (!mutation.keepReceiver) cutReceiver(tablet.postgres, events.now());
  // As if nothing were reserved for it.
  if (tablet.postgres.isDiskFull) return false;
  tablet.pledge = { term: asked.term, candidate: asked.candidate };
  return true;
}

function answerOf(tablet: Tablet, askedAtMs: number, world: World) {
  const { name, pledge, postgres } = tablet;
  const freeBytes = postgres.isDiskFull ? 0 : 2;
  return { name, pledge, isWhole: postgres.whole, wal: walAtEnd(postgres, world), freeBytes, askedAtMs };
}

/** Asks for a pledge, or just what they know. */
export function askOthers(tablet: Tablet, asked: Pledge | undefined, world: World): void {
  for (const { name } of tablet.memory.shard!.tablets) if (name !== tablet.name) ask(tablet, name, asked, world);
}

export function ask(tablet: Tablet, name: string, asked: Pledge | undefined, world: World): void {
  const { network } = world;
  const { memory } = tablet;
  const other = world.tablets.get(name)!;
  const askedAtMs = clock(tablet, world);
  network.send(tablet.name, other.agent, () => {
    if (asked && !givePledge(other, asked, world)) return;
    const answer = answerOf(other, askedAtMs, world);
    const said = saidOf(other);
    network.send(other.name, tablet.agent, () => {
      const last = memory.answers.get(name);
      // Answers may overtake each other; a pledge never goes back.
      if (!last || answer.pledge.term >= last.pledge.term) memory.answers.set(name, answer);
      hearPrimary(tablet, name, said, askedAtMs);
    });
  });
}

/** As peers.ts: an unbroken series of the same. */
function hearPrimary({ memory }: Tablet, name: string, said: Said | undefined, askedAtMs: number): void {
  const last = memory.said;
  if (!said) {
    if (last?.primary === name) memory.said = undefined;
    return;
  }
  if (last && said.term < last.term) return;
  const isSame = last?.primary === name && last.term === said.term && Math.abs(askedAtMs - last.askedAtMs) < silenceMs;
  memory.said = { ...said, askedAtMs, sinceMs: isSame ? last.sinceMs : askedAtMs };
}

function saidOf({ name, postgres }: Tablet): Said | undefined {
  const { role, process, wal } = postgres;
  if (!process.running || process.paused || role.kind !== "primary" || !role.isWritable) return undefined;
  return { primary: name, term: termOf(postgres), terms: wal.at(-1)!.terms };
}

function askStore(tablet: Tablet, { network, store }: World, atStore: () => () => void): void {
  network.send(tablet.name, store.process, () => {
    const answer = atStore();
    network.send("store", tablet.agent, answer);
  });
}

/** And renews the lease, if it is held. */
export function readStore(tablet: Tablet, world: World): void {
  const { memory, name } = tablet;
  const atMs = clock(tablet, world);
  const isHeld = memory.leaseUntilMs !== undefined && atMs < memory.leaseUntilMs;
  askStore(tablet, world, () => {
    const { shard, version } = world.store;
    // A renewal does not bring back a lease that was given up after it was sent.
    const isOurs = isHeld && leaseHolder(world.store, world.events.now()) === name;
    const isRenewed = isOurs && tryLease(world.store, name, world.events.now(), leaseMs);
    const holder = leaseHolder(world.store, world.events.now());
    return () => {
      if (version > memory.version) {
        memory.shard = shard;
        memory.version = version;
      }
      if (isRenewed && memory.leaseUntilMs !== undefined)
        memory.leaseUntilMs = Math.max(memory.leaseUntilMs, atMs + leaseMs);
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

function changeShard(tablet: Tablet, { change, before, after }: Of<"change-shard">, world: World): void {
  const { store, mutation, checker } = world;
  askStore(tablet, world, () => {
    const version = mutation.blindWrite && change === "name-primary" ? store.version : Number(before.version);
    const old = store.shard;
    if (replaceShard(store, version, after, world.events.now())) {
      checker.changed(old, after, change);
      happens(change, world);
    }
    return () => {};
  });
  if (change === "name-primary" && after.primary?.name !== tablet.name) giveUpLease(tablet, world);
}
