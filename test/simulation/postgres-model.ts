// A model of PostgreSQL as far as failover sees it: WAL of which the unflushed tail is lost in a crash, streaming to
// standbys, ANY k of those that stream in the primary's own term, and rewinding of what the primary does not have.
import type { Cohort } from "../../tablet-agent/ha/cohort.ts";
import type { WalPosition } from "../../tablet-agent/ha/wal-position.ts";
import type { Random } from "../support/random.ts";
import { makeProcess, type Network, type Process, startProcess, stopProcess } from "./network-model.ts";

/** Objects are compared by identity: the same place in the WAL holds the same record, or another history. */
export interface WalRecord {
  readonly term: number;
}

export interface Upstream {
  readonly primary: string;
  readonly term: number;
}

export interface Postgres {
  readonly process: Process;
  readonly wal: WalRecord[];
  flushed: number;
  /** False while a rewind or clone is unfinished; that outlives a crash. */
  whole: boolean;
  role: { kind: "standby"; follows: Upstream | undefined } | Primary;
}

interface Primary {
  readonly kind: "primary";
  readonly term: number;
  /** How far each standby that follows in this term has flushed. */
  readonly flushedBy: Map<string, number>;
  acknowledged: number;
}

export interface PostgresWorld {
  readonly network: Network;
  readonly random: Random;
  readonly cohort: Cohort;
  postgres(name: string): Postgres;
  acknowledged(by: string, index: number, record: WalRecord): void;
}

export function makePostgres(name: string): Postgres {
  return {
    process: makeProcess(name),
    wal: [],
    flushed: 0,
    whole: true,
    role: { kind: "standby", follows: undefined },
  };
}

export function walPosition({ wal, flushed, whole }: Postgres): WalPosition | undefined {
  return whole ? { term: wal[flushed - 1]?.term ?? 0, lsn: flushed } : undefined;
}

/** A crash, kill -9, or an immediate shutdown. */
export function killPostgres(postgres: Postgres): void {
  stopProcess(postgres.process);
  postgres.wal.length = postgres.flushed;
  postgres.role = { kind: "standby", follows: undefined };
}

export function startPrimary(postgres: Postgres, term: number): void {
  startProcess(postgres.process);
  postgres.wal.length = postgres.flushed;
  postgres.role = { kind: "primary", term, flushedBy: new Map(), acknowledged: postgres.flushed };
  // The record that tells the term by the WAL itself.
  postgres.wal.push({ term });
}

export function startStandby(postgres: Postgres, follows: Upstream | undefined): void {
  startProcess(postgres.process);
  postgres.role = { kind: "standby", follows };
}

export function isWorking({ process }: Postgres): boolean {
  return process.running && !process.paused;
}

export function write(postgres: Postgres): void {
  if (postgres.role.kind === "primary") postgres.wal.push({ term: postgres.role.term });
}

/** What PostgreSQL does from time to time: flush; a primary looks for acknowledgements, a standby asks for more. */
export function tickPostgres(postgres: Postgres, world: PostgresWorld): void {
  postgres.flushed = postgres.wal.length;
  if (postgres.role.kind === "primary") acknowledge(postgres, postgres.role, world);
  else if (postgres.role.follows) ask(postgres, postgres.role.follows, world);
}

function acknowledge({ process, wal, flushed }: Postgres, primary: Primary, { cohort, acknowledged }: PostgresWorld) {
  const isFlushed = (index: number) =>
    [...primary.flushedBy].filter(([name, lsn]) => cohort.members.includes(name) && lsn > index).length >= cohort.k;
  for (; primary.acknowledged < flushed && isFlushed(primary.acknowledged); primary.acknowledged++)
    acknowledged(process.host, primary.acknowledged, wal[primary.acknowledged]!);
}

function ask(standby: Postgres, follows: Upstream, world: PostgresWorld): void {
  const { host } = standby.process;
  const source = world.postgres(follows.primary);
  const flushed = standby.whole ? standby.flushed : 0;
  const last = standby.wal[flushed - 1];
  world.network.send(host, source.process, () => {
    if (source.role.kind !== "primary" || source.role.term !== follows.term) return;
    // A standby with another history does not stream, so it acknowledges nothing.
    if (source.flushed >= flushed && source.wal[flushed - 1] === last) source.role.flushedBy.set(host, flushed);
    const sent = source.wal.slice(0, source.flushed);
    world.network.send(source.process.host, standby.process, () => receive(standby, follows, sent, world));
  });
}

function receive(standby: Postgres, follows: Upstream, sent: readonly WalRecord[], { random }: PostgresWorld): void {
  const { role, wal } = standby;
  if (role.kind !== "standby" || role.follows !== follows) return;
  if (!standby.whole) {
    // The clone takes a while; it may be broken off before.
    if (random.next() < 0.95) return;
    wal.splice(0, wal.length, ...sent);
    standby.flushed = wal.length;
    standby.whole = true;
    return;
  }
  const both = Math.min(wal.length, sent.length);
  if (wal[both - 1] !== sent[both - 1]) standby.whole = false;
  else for (const record of sent.slice(both)) wal.push(record);
}
