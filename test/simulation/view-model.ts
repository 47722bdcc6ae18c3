// What a simulated agent knows: of its own disk and PostgreSQL as it is, of everything else as it was told.
import type { Shard } from "../../src/topology/snapshot.ts";
import type { ClusterView, LeaseState, PostgresState, StandbyState } from "../../tablet-agent/ha/cluster-view.ts";
import { type Postgres, type Primary, termOf, walEnd } from "./postgres-model.ts";
import type { Tablet } from "./tablet-model.ts";
import type { World } from "./world.ts";

const failuresForMs = 8000;
/** A standby that has not asked for so long is not streaming. */
const streamingMs = 800;

export function clock({ clockOffsetMs }: Tablet, { events }: World): number {
  return events.now() + clockOffsetMs;
}

export function viewOf(tablet: Tablet, shard: Shard, world: World): ClusterView {
  const { name: self, pledge, memory, postgres } = tablet;
  const nowMs = clock(tablet, world);
  if (!shard.switchover) memory.switchoverSinceMs = undefined;
  else memory.switchoverSinceMs ??= nowMs;
  const { said, switchoverSinceMs } = memory;
  const isOfTerm = said?.term === shard.term && said.primary === shard.primary?.name;
  return {
    self,
    nowMs,
    shard,
    version: String(memory.version),
    pledge,
    data: {
      isWhole: postgres.whole,
      promotedTerm: tablet.promotedTerm,
      systemIdentifier: "7",
      freeBytes: postgres.isDiskFull ? 0 : 2,
    },
    postgres: postgresState(tablet, nowMs, world),
    wal: walAtEnd(postgres, world),
    lease: leaseState(tablet, nowMs),
    restsUntilMs: memory.rest.term === shard.term ? memory.rest.untilMs : Number.NEGATIVE_INFINITY,
    primarySaid: said && isOfTerm ? { ...said, systemIdentifier: "7" } : undefined,
    answers: [...memory.answers.values()],
    switchover: switchoverSinceMs === undefined ? undefined : { sinceMs: switchoverSinceMs, isForced: false },
    isRestartPending: postgres.isRestartPending,
  };
}

/** Of a standby that follows nobody, has replayed everything, and answers. */
export function walAtEnd(postgres: Postgres, { events, mutation }: World) {
  const { process, role, whole, readyAtMs } = postgres;
  const isExact = whole && process.running && !process.paused && readyAtMs <= events.now();
  const isFinal = role.kind === "standby" && (role.follows === undefined || mutation.keepReceiver);
  return isExact && isFinal ? walEnd(postgres) : undefined;
}

function postgresState(tablet: Tablet, nowMs: number, world: World): PostgresState {
  const { postgres, memory } = tablet;
  const { process, role, how } = postgres;
  if (!postgres.hasData) return { kind: "none" };
  const trueMs = world.events.now();
  const isReady = process.running && postgres.readyAtMs <= trueMs;
  if (isReady) memory.downSinceMs = undefined;
  else memory.downSinceMs ??= nowMs;
  if (process.running && process.paused) memory.silentSinceMs ??= nowMs;
  else memory.silentSinceMs = undefined;
  const { downSinceMs = nowMs, silentSinceMs } = memory;
  if (!process.running) {
    const recent = postgres.failedAtMs.filter((atMs) => trueMs - atMs < failuresForMs);
    const sinceMs = nowMs - (trueMs - (postgres.failedAtMs.at(-1) ?? trueMs));
    return { kind: "stopped", how, sinceMs, downSinceMs, failures: recent.length };
  }
  if (!isReady) return { kind: "starting", as: role.kind, downSinceMs, silentSinceMs };
  if (role.kind === "standby") {
    const cannotFollow = role.cannotFollow ? "it was refused" : undefined;
    return { kind: "standby", follows: role.follows, cannotFollow, silentSinceMs };
  }
  const { inForceSinceLsn: sinceLsn } = role;
  return {
    kind: "primary",
    term: termOf(postgres),
    isWritable: role.isWritable,
    silentSinceMs,
    synchronous: sinceLsn === undefined ? undefined : { cohort: role.names[0]!, sinceLsn },
    standbys: standbysOf(tablet, role, nowMs, world),
    openTransactions: postgres.wal.length - role.acknowledged,
  };
}

function standbysOf({ memory, postgres }: Tablet, { standbys }: Primary, nowMs: number, { events }: World) {
  const found: StandbyState[] = [];
  for (const [name, { flushed, heardAtMs }] of standbys) {
    const isStreaming = events.now() - heardAtMs < streamingMs;
    const known = memory.standbys.get(name);
    const sinceMs = known?.isStreaming === isStreaming ? known.sinceMs : nowMs;
    if (known?.isStreaming !== isStreaming) memory.standbys.set(name, { isStreaming, sinceMs });
    found.push({ name, isStreaming, sinceMs, flushedLsn: flushed, lagBytes: postgres.flushed - flushed });
  }
  return found;
}

function leaseState({ memory, name }: Tablet, nowMs: number): LeaseState {
  const { leaseUntilMs, candidateSinceMs, seen, freeSinceMs } = memory;
  if (leaseUntilMs !== undefined && nowMs < leaseUntilMs)
    return { kind: "mine", untilMs: leaseUntilMs, candidateSinceMs };
  if (!seen || Math.abs(nowMs - seen.atMs) > 1500) return { kind: "unknown" };
  if (seen.holder !== undefined && seen.holder !== name) return { kind: "other" };
  return { kind: "free", sinceMs: freeSinceMs ?? nowMs };
}
