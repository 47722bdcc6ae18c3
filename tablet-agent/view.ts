// What the rules decide by, put together from what the agent knows.
import type { ReadShard } from "../src/topology/change-shard.ts";
import type { Shard } from "../src/topology/snapshot.ts";
import type { ClusterView, LeaseState, OwnData, PostgresState, PrimarySaid, StandbyState } from "./ha/cluster-view.ts";
import type { WalEnd } from "./ha/wal-position.ts";
import type { PeerAnswer } from "./peers.ts";
import { standbyName } from "./postgres/server.ts";
import type { TabletPostgres } from "./tablet-postgres.ts";

export interface Known {
  readonly self: string;
  readonly nowMs: number;
  readonly read: ReadShard;
  readonly postgres: TabletPostgres;
  readonly freeBytes: number | undefined;
  readonly lease: LeaseState;
  readonly restsUntilMs: number;
  readonly answers: readonly PeerAnswer[];
  readonly switchover: ClusterView["switchover"];
  readonly standbys: StandbyMemory;
}

/** Since when each standby has been streaming, or not. */
export type StandbyMemory = Map<string, { readonly isStreaming: boolean; readonly sinceMs: number }>;

export function viewOf(known: Known): ClusterView {
  const { read, postgres, answers, self, nowMs } = known;
  const { shard, version } = read;
  return {
    self,
    nowMs,
    shard,
    version,
    pledge: postgres.state.state.pledge,
    data: ownData(known),
    postgres: postgresState(known),
    wal: finalWal(postgres),
    lease: known.lease,
    restsUntilMs: known.restsUntilMs,
    primarySaid: primarySaid(shard, answers),
    answers: answers.map(({ name, pledge, isWhole, wal, freeDiskBytes: freeBytes, askedAtMs }) => {
      return { name, pledge, isWhole, wal, freeBytes, askedAtMs };
    }),
    switchover: known.switchover,
    isRestartPending: postgres.settings.pending.length > 0,
  };
}

/** The end of the WAL, once it cannot change any more as long as nobody is followed. */
export function finalWal({ watch, follows, runsAs, actions, cutAtMs }: TabletPostgres): WalEnd | undefined {
  const last = watch.last();
  if (!last || runsAs !== "standby" || follows || actions.running !== undefined) return undefined;
  if (last.role !== "standby" || !last.isAtEnd || last.atMs < cutAtMs) return undefined;
  return { term: last.term, lsn: last.lsn, branchedAtLsn: last.branchedAtLsn };
}

function ownData({ postgres, freeBytes }: Known): OwnData {
  const { isWhole, led } = postgres.state.state;
  return {
    isWhole: isWhole && postgres.hasData,
    promotedTerm: led,
    systemIdentifier: postgres.watch.last()?.systemIdentifier,
    freeBytes,
  };
}

function postgresState(known: Known): PostgresState {
  const { postgres, read } = known;
  const { server, watch, story, runsAs, actions, hasData } = postgres;
  const stopped = story.stopped();
  if (!hasData) return { kind: "none" };
  const { process } = server;
  // To become whole again it is started, too; there is nothing to be decided about that.
  const isRewinding = actions.running === "rewind" && !postgres.state.state.isWhole;
  if (process.kind === "stopped" || isRewinding) {
    const unknown = { how: "crashed", sinceMs: known.nowMs, downSinceMs: known.nowMs, failures: 0 } as const;
    return { kind: "stopped", ...(stopped ?? unknown) };
  }
  const silentSinceMs = watch.silentSinceMs();
  const last = watch.last();
  const isBecomingPrimary = actions.running === "promote" || actions.running === "start-primary";
  if (!last || process.kind === "starting" || isBecomingPrimary) {
    const downSinceMs = stopped?.downSinceMs ?? actions.sinceMs ?? known.nowMs;
    // A start has its own way to fail; a promotion is one that clients wait for.
    return {
      kind: "starting",
      as: runsAs,
      downSinceMs,
      silentSinceMs: process.kind === "starting" ? undefined : silentSinceMs,
    };
  }
  if (last.role === "standby") {
    return { kind: "standby", follows: postgres.follows, cannotFollow: postgres.cannotFollow, silentSinceMs };
  }
  return {
    kind: "primary",
    term: last.term,
    isWritable: postgres.synchronous !== undefined,
    silentSinceMs,
    synchronous: postgres.synchronous,
    standbys: standbyStates(known, read.shard, last.term),
    openTransactions: last.transactions.open,
  };
}

function standbyStates({ self, nowMs, postgres, standbys }: Known, shard: Shard, term: number): StandbyState[] {
  const last = postgres.watch.last()!;
  const others = shard.tablets.filter(({ name }) => name !== self);
  return others.map(({ name }) => {
    const found = last.standbys.find(({ applicationName }) => applicationName === standbyName(name, term));
    const isStreaming = found?.isStreaming ?? false;
    const before = standbys.get(name);
    const sinceMs = before?.isStreaming === isStreaming ? before.sinceMs : nowMs;
    standbys.set(name, { isStreaming, sinceMs });
    const flushedLsn = found?.flushedLsn ?? 0;
    return { name, isStreaming, sinceMs, flushedLsn, lagBytes: Math.max(0, last.lsn - flushedLsn) };
  });
}

function primarySaid({ primary, term }: Shard, answers: readonly PeerAnswer[]): PrimarySaid | undefined {
  const answer = answers.find(({ name }) => name === primary?.name);
  if (answer?.role !== "primary" || answer.term !== term || !answer.terms) return undefined;
  const { systemIdentifier, terms, askedAtMs, sinceMs } = answer;
  return { systemIdentifier, terms, askedAtMs, sinceMs };
}
