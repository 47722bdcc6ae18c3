// A model of PostgreSQL as far as failover sees it: WAL of which the unflushed tail is lost in a crash; timelines, which alone
// decide whether it streams; the record of a term, some time after the promotion; ANY k of those who follow in that term.
import type { Cohort } from "../../src/topology/snapshot.ts";
import type { TermStart, WalEnd } from "../../tablet-agent/ha/wal-position.ts";
import type { Random } from "../support/random.ts";
import { Violation } from "./checker.ts";
import type { Events } from "./events.ts";
import { makeProcess, type Network, type Process, startProcess, stopProcess } from "./network-model.ts";

/** Objects are compared by identity: the same place in the WAL holds the same record, or another history. */
export interface WalRecord {
  /** Of the primary that wrote it, in truth. */
  readonly term: number;
  /** `shardgres.terms` as of this record. */
  readonly terms: readonly TermStart[];
  readonly before: WalRecord | undefined;
}

export interface Upstream {
  readonly primary: string;
  readonly term: number;
  /** Which data it had then. */
  readonly copy: number;
}

interface Timeline {
  readonly number: number;
  readonly lsn: number;
}

export interface Postgres {
  readonly process: Process;
  hasData: boolean;
  /** False while a rewind or clone is unfinished; that outlives a crash. */
  whole: boolean;
  /** Rises when the data is replaced. */
  copy: number;
  /** The length is the LSN. */
  readonly wal: WalRecord[];
  flushed: number;
  timelines: readonly Timeline[];
  role: Standby | Primary;
  /** When it will have replayed its WAL and accept connections. */
  readyAtMs: number;
  how: "cleanly" | "crashed" | "disk-full" | "damaged";
  readonly failedAtMs: number[];
  isDiskFull: boolean;
  isDamaged: boolean;
  /** Settings have changed that count from the next start on. */
  isRestartPending: boolean;
  /** So many starts will end in a crash. */
  crashesToCome: number;
}

export interface Standby {
  readonly kind: "standby";
  readonly follows: Upstream | undefined;
  cannotFollow: boolean;
}

export interface Primary {
  readonly kind: "primary";
  readonly term: number;
  /** Those who wait for commits look at either while it changes. */
  names: readonly Cohort[];
  /** undefined: not seen in force. */
  inForceSinceLsn: number | undefined;
  /** Read-only until the record of the term is written. */
  isWritable: boolean;
  /** Of each standby that follows in this term. */
  readonly standbys: Map<string, { flushed: number; heardAtMs: number }>;
  acknowledged: number;
  /** A fast shutdown is under way. */
  stopsAtMs: number | undefined;
}

export interface PostgresWorld {
  readonly events: Events;
  readonly network: Network;
  postgres(name: string): Postgres;
  acknowledged(by: string, index: number, record: WalRecord, cohort: Cohort): void;
}

const noTerms: readonly TermStart[] = [];

export function makePostgres(name: string): Postgres {
  const process = makeProcess(name);
  process.running = false;
  return {
    process,
    hasData: false,
    whole: false,
    copy: 0,
    wal: [],
    flushed: 0,
    timelines: [],
    role: { kind: "standby", follows: undefined, cannotFollow: false },
    readyAtMs: 0,
    how: "cleanly",
    failedAtMs: [],
    isDiskFull: false,
    isDamaged: false,
    isRestartPending: false,
    crashesToCome: 0,
  };
}

export function makeData(postgres: Postgres): void {
  postgres.hasData = true;
  postgres.whole = true;
  postgres.wal.length = 0;
  append(postgres, 0, noTerms);
  postgres.flushed = 1;
  postgres.timelines = [{ number: 1, lsn: 0 }];
}

/** Only when nothing can be added to it any more. */
export function walEnd({ wal, flushed, timelines }: Postgres): WalEnd {
  const last = wal[flushed - 1]?.terms.at(-1);
  const from = last?.lsn ?? 0;
  return { term: last?.term ?? 0, lsn: flushed, branchedAtLsn: timelines.find(({ lsn }) => lsn > from)?.lsn };
}

export function termOf({ wal }: Postgres): number {
  return wal.at(-1)?.terms.at(-1)?.term ?? 0;
}

export function isWorking({ process, readyAtMs }: Postgres, nowMs: number): boolean {
  return process.running && !process.paused && readyAtMs <= nowMs;
}

/** A crash, kill -9, or an immediate shutdown. */
export function killPostgres(postgres: Postgres, nowMs: number, isWanted = false): void {
  if (postgres.process.running && !isWanted) fail(postgres, "crashed", nowMs);
  stopProcess(postgres.process);
  if (isWanted) postgres.how = "crashed";
  loseUnflushed(postgres);
  postgres.role = { kind: "standby", follows: undefined, cannotFollow: false };
}

function loseUnflushed(postgres: Postgres): void {
  const { wal, flushed, timelines } = postgres;
  wal.length = flushed;
  if (timelines.some(({ lsn }) => lsn >= flushed)) postgres.timelines = timelines.filter(({ lsn }) => lsn < flushed);
}

function fail(postgres: Postgres, how: Postgres["how"], nowMs: number): void {
  postgres.how = how;
  postgres.failedAtMs.push(nowMs);
}

/** Ready after a while, unless it fails. */
export function startPostgres(postgres: Postgres, role: Standby | Primary, random: Random, nowMs: number): boolean {
  if (postgres.isDamaged) fail(postgres, "damaged", nowMs);
  else if (postgres.isDiskFull) fail(postgres, "disk-full", nowMs);
  else if (postgres.crashesToCome-- > 0) fail(postgres, "crashed", nowMs);
  else {
    startProcess(postgres.process);
    postgres.isRestartPending = false;
    postgres.role = role;
    const recoveryMs = postgres.how === "cleanly" ? 50 : 50 + random.next() * (random.next() < 0.2 ? 4000 : 400);
    postgres.readyAtMs = nowMs + recoveryMs;
    return true;
  }
  return false;
}

export function primaryRole(postgres: Postgres, term: number, cohort: Cohort): Primary {
  return {
    kind: "primary",
    term,
    names: [cohort],
    inForceSinceLsn: undefined,
    isWritable: false,
    standbys: new Map(),
    acknowledged: postgres.flushed,
    stopsAtMs: undefined,
  };
}

/** A new timeline, whose first records tell nothing of the term. */
export function promotePostgres(postgres: Postgres, term: number, cohort: Cohort): void {
  const number = postgres.timelines.at(-1)!.number + 1;
  postgres.timelines = [...postgres.timelines, { number, lsn: postgres.wal.length }];
  postgres.role = primaryRole(postgres, term, cohort);
  append(postgres, term, postgres.wal.at(-1)!.terms);
}

export function recordTerm(postgres: Postgres, term: number, starts: readonly TermStart[]): void {
  if (termOf(postgres) !== term) append(postgres, term, [...postgres.wal.at(-1)!.terms, ...starts]);
  if (postgres.role.kind === "primary") postgres.role.isWritable = true;
}

export function write({ role, wal }: Postgres): void {
  if (role.kind !== "primary" || !role.isWritable || role.stopsAtMs !== undefined) return;
  append({ wal }, role.term, wal.at(-1)!.terms);
}

function append({ wal }: Pick<Postgres, "wal">, term: number, terms: readonly TermStart[]): void {
  wal.push({ term, terms, before: wal.at(-1) });
}

/** What PostgreSQL does from time to time: flush; a primary looks for acknowledgements, a standby asks for more. */
export function tickPostgres(postgres: Postgres, world: PostgresWorld): void {
  if (postgres.isDiskFull && postgres.wal.length > postgres.flushed) {
    killPostgres(postgres, world.events.now());
    postgres.how = "disk-full";
    return;
  }
  postgres.flushed = postgres.wal.length;
  const { role } = postgres;
  if (role.kind === "standby") {
    if (role.follows) ask(postgres, role, role.follows, world);
    return;
  }
  acknowledge(postgres, role, world);
  if (role.stopsAtMs !== undefined) stopWhenSent(postgres, role, role.stopsAtMs, world);
}

/** A fast shutdown waits until those who are connected have everything. */
function stopWhenSent(postgres: Postgres, role: Primary, stopsAtMs: number, { events }: PostgresWorld): void {
  const nowMs = events.now();
  for (const { flushed, heardAtMs } of role.standbys.values())
    if (flushed < postgres.wal.length && nowMs - heardAtMs < 1000 && nowMs < stopsAtMs) return;
  stopProcess(postgres.process);
  postgres.how = "cleanly";
  postgres.role = { kind: "standby", follows: undefined, cannotFollow: false };
}

function acknowledge(postgres: Postgres, role: Primary, world: PostgresWorld): void {
  const { wal, flushed, process } = postgres;
  for (; role.acknowledged < flushed; role.acknowledged++) {
    const by = role.names.find((cohort) => isAcknowledged(role, cohort, role.acknowledged));
    if (!by) return;
    world.acknowledged(process.host, role.acknowledged, wal[role.acknowledged]!, by);
  }
}

function isAcknowledged({ standbys }: Primary, { standbys: names, acknowledgements }: Cohort, index: number): boolean {
  let count = 0;
  for (const name of names) if ((standbys.get(name)?.flushed ?? 0) > index) count++;
  return count >= acknowledgements;
}

function ask(postgres: Postgres, role: Standby, follows: Upstream, world: PostgresWorld): void {
  const { host } = postgres.process;
  const { flushed } = postgres;
  const timeline = postgres.timelines.at(-1)!.number;
  const source = world.postgres(follows.primary);
  world.network.send(host, source.process, () => {
    const { role: there } = source;
    // It gets the WAL of whatever runs there by now, but acknowledges only to the primary of the term that it follows. From
    // other data than it began with it gets none that goes on from its last record (xl_prev, CRC).
    const isOfTerm = there.kind === "primary" && there.term === follows.term;
    if (source.readyAtMs > world.events.now() || source.copy !== follows.copy) return;
    const at = source.timelines.findIndex(({ number }) => number === timeline);
    const end = source.timelines[at + 1]?.lsn ?? Number.POSITIVE_INFINITY;
    const isRefused = at === -1 || flushed > end;
    if (!isRefused && flushed > source.flushed) return;
    if (isOfTerm && !isRefused) {
      const known = there.standbys.get(host);
      there.standbys.set(host, { flushed: Math.max(flushed, known?.flushed ?? 0), heardAtMs: world.events.now() });
    }
    const sent = source.wal.slice(flushed, source.flushed);
    const { timelines } = source;
    world.network.send(source.process.host, postgres.process, () => {
      if (postgres.role !== role) return;
      if (isRefused) role.cannotFollow = true;
      else receive(postgres, flushed, sent, timelines);
    });
  });
}

function receive(postgres: Postgres, from: number, sent: readonly WalRecord[], timelines: readonly Timeline[]): void {
  const { wal } = postgres;
  // Answers may overtake each other.
  const news = sent.slice(wal.length - from);
  if (from > wal.length || news.length === 0) return;
  if (news[0]!.before !== wal.at(-1)) throw new Violation(`${postgres.process.host} mixes the WAL of two histories`);
  for (const record of news) wal.push(record);
  postgres.timelines = timelines.filter(({ lsn }) => lsn < wal.length);
}

/** Clone and rewind end alike: with all that the other has flushed. */
export function copyData(postgres: Postgres, { wal, flushed, timelines }: Postgres): void {
  postgres.wal.splice(0, postgres.wal.length, ...wal.slice(0, flushed));
  postgres.flushed = flushed;
  postgres.timelines = timelines.filter(({ lsn }) => lsn < flushed);
  postgres.copy++;
  postgres.hasData = true;
  postgres.whole = true;
  postgres.isDamaged = false;
  postgres.how = "crashed";
}
