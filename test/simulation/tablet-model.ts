// A model of the tablet agent around `decide`: it asks the store and the others, and does what was decided, as a process
// that can be killed and paused, with a clock of its own, next to a PostgreSQL that lives on without it.

import type { Pledge } from "../../src/agent-api/pledge.ts";
import type { Shard } from "../../src/topology/snapshot.ts";
import type { PrimarySaid } from "../../tablet-agent/ha/cluster-view.ts";
import { decide } from "../../tablet-agent/ha/decide.ts";
import { isNamed } from "../../tablet-agent/ha/may-lead.ts";
import type { TabletAnswer } from "../../tablet-agent/ha/pledge.ts";
import type { TermStart } from "../../tablet-agent/ha/wal-position.ts";
import { act, ask, askOthers, readStore } from "./agent-acts.ts";
import { makeProcess, type Process } from "./network-model.ts";
import { makePostgres, type Postgres } from "./postgres-model.ts";
import { askAgainMs, patience, tickMs } from "./timing.ts";
import { clock, viewOf } from "./view-model.ts";
import type { World } from "./world.ts";

/** What a primary says of itself. */
export interface Said {
  readonly primary: string;
  readonly term: number;
  readonly terms: readonly TermStart[];
}

/** What an agent has in memory: gone when it is killed. */
export interface Memory {
  shard: Shard | undefined;
  version: number;
  readonly answers: Map<string, TabletAnswer>;
  said: (Said & { readonly askedAtMs: number; readonly sinceMs: number }) | undefined;
  leaseUntilMs: number | undefined;
  candidateSinceMs: number | undefined;
  seen: { readonly atMs: number; readonly holder: string | undefined } | undefined;
  freeSinceMs: number | undefined;
  rest: { readonly untilMs: number; readonly term: number };
  downSinceMs: number | undefined;
  silentSinceMs: number | undefined;
  tickedAtMs: number;
  switchoverSinceMs: number | undefined;
  readonly standbys: Map<string, { isStreaming: boolean; sinceMs: number }>;
  /** Something that takes a while is being done to PostgreSQL. */
  isBusy: boolean;
}

export interface Tablet {
  readonly name: string;
  readonly agent: Process;
  readonly postgres: Postgres;
  /** On disk. */
  pledge: Pledge;
  promotedTerm: number | undefined;
  clockOffsetMs: number;
  memory: Memory;
}

export function makeTablet(name: string): Tablet {
  const [agent, postgres] = [makeProcess(name), makePostgres(name)];
  const pledge = { term: 0, candidate: "" };
  return { name, agent, postgres, pledge, promotedTerm: undefined, clockOffsetMs: 0, memory: emptyMemory() };
}

export function emptyMemory(): Memory {
  return {
    shard: undefined,
    version: 0,
    answers: new Map(),
    said: undefined,
    leaseUntilMs: undefined,
    candidateSinceMs: undefined,
    seen: undefined,
    freeSinceMs: undefined,
    rest: { untilMs: Number.NEGATIVE_INFINITY, term: 0 },
    downSinceMs: undefined,
    silentSinceMs: undefined,
    tickedAtMs: Number.NEGATIVE_INFINITY,
    switchoverSinceMs: undefined,
    standbys: new Map(),
    isBusy: false,
  };
}

export function tickAgent(tablet: Tablet, world: World): void {
  readStore(tablet, world);
  const { memory, postgres } = tablet;
  const { shard } = memory;
  if (!shard) return;
  const nowMs = clock(tablet, world);
  // It may have been asleep; then nothing has been asked meanwhile.
  if (Math.abs(nowMs - memory.tickedAtMs) > 3 * tickMs) memory.silentSinceMs = undefined;
  memory.tickedAtMs = nowMs;
  if (memory.isBusy && !postgres.process.paused) return;
  const seen = viewOf(tablet, shard, world);
  const view = world.mutation.view?.(seen) ?? seen;
  const primary = shard.primary?.name;
  if (view.postgres.kind === "primary" || isNamed(view)) askOthers(tablet, undefined, world);
  else if (primary !== undefined && primary !== tablet.name && isOld(view.primarySaid, nowMs))
    ask(tablet, primary, undefined, world);
  const decision = decide(view, patience);
  act(tablet, world.mutation.decision?.(decision, view) ?? decision, world);
}

/** So that a clock that has jumped makes nothing young for ever. */
function isOld(said: PrimarySaid | undefined, nowMs: number): boolean {
  return said === undefined || Math.abs(nowMs - said.askedAtMs) > askAgainMs;
}
