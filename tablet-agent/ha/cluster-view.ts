// What one tablet agent knows when it decides. Everything may be old, and the clock may be wrong: rules that keep data safe
// use only what is on the own disk, what others answered after they had written it to theirs, and compare-and-swap.
import type { Pledge } from "../../src/agent-api/pledge.ts";
import type { Cohort, Shard } from "../../src/topology/snapshot.ts";
import type { TabletAnswer } from "./pledge.ts";
import type { TermStart, WalEnd } from "./wal-position.ts";

export interface ClusterView {
  readonly self: string;
  /** The own clock; monotonic. */
  readonly nowMs: number;
  /**
   * The shard's document, read from the store itself after this agent was started, not from somebody's cache: names that
   * are put in force by a document two changes old could acknowledge what no failover asks for.
   */
  readonly shard: Shard;
  /** Of the document, for compare-and-swap. */
  readonly version: string;
  /** On the own disk. */
  readonly pledge: Pledge;
  readonly data: OwnData;
  readonly postgres: PostgresState;
  /** The end of the own WAL, when it is exact and final: PostgreSQL is a standby without a receiver and has replayed all. */
  readonly wal: WalEnd | undefined;
  readonly lease: LeaseState;
  /** Until when this tablet leaves the lease to others, after it could not make use of it in the document's term. */
  readonly restsUntilMs: number;
  /** What the primary that the document names has said of itself in the document's term. undefined: nothing yet. */
  readonly primarySaid: PrimarySaid | undefined;
  /** The last answer of each other tablet. */
  readonly answers: readonly TabletAnswer[];
  /** While the document says `switchover`: when this agent saw it first, and whether transactions are to be broken off. */
  readonly switchover: { readonly sinceMs: number; readonly isForced: boolean } | undefined;
  /** The own PostgreSQL has settings that count from its next start on. Left out: it has not. */
  readonly isRestartPending?: boolean;
}

/** From the state file and the data directory; known while PostgreSQL is stopped, too. */
export interface OwnData {
  /** False while there is none, or an initialisation, rewind or clone is unfinished; that outlives a crash. */
  readonly isWhole: boolean;
  /** The last term in which this tablet itself was primary and had its record in the WAL. */
  readonly promotedTerm: number | undefined;
  readonly systemIdentifier: string | undefined;
  /** Of the disk. undefined: not known. */
  readonly freeBytes: number | undefined;
}

export type PostgresState =
  /** No data directory. */
  | { readonly kind: "none" }
  | {
      readonly kind: "stopped";
      /** How the last run, or the last attempt to start, ended. After a start of the agent: as far as the control file tells. */
      readonly how: "cleanly" | "crashed" | "disk-full" | "damaged";
      /** When it ended. */
      readonly sinceMs: number;
      /** Since when clients have had no PostgreSQL here; start attempts do not change it. */
      readonly downSinceMs: number;
      /** Crashes and failed starts within the last minute. */
      readonly failures: number;
    }
  | {
      readonly kind: "starting";
      readonly as: "primary" | "standby";
      readonly downSinceMs: number;
      readonly silentSinceMs: SilentSince;
    }
  | PrimaryState
  | {
      readonly kind: "standby";
      readonly follows: { readonly primary: string; readonly term: number } | undefined;
      /** Why it will never catch up with the primary it follows ("requested WAL segment ... has already been removed"). */
      readonly cannotFollow: string | undefined;
      readonly silentSinceMs: SilentSince;
    };

/**
 * Since when a question waits for its answer; "starting up" is one. undefined: the last one was answered. Counted anew when
 * the agent itself has been asleep.
 */
export type SilentSince = number | undefined;

export interface PrimaryState {
  readonly kind: "primary";
  /** As its WAL says. */
  readonly term: number;
  /** False: what makes it one was not finished, and nothing is about to. */
  readonly isWritable: boolean;
  readonly silentSinceMs: SilentSince;
  /** undefined: names of another term, or not seen in force yet. */
  readonly synchronous: SynchronousInForce | undefined;
  /** The other tablets, as pg_stat_replication shows them under the name that carries this term. */
  readonly standbys: readonly StandbyState[];
  /** Of clients. */
  readonly openTransactions: number;
}

/** synchronous_standby_names as every session and every walsender sees it. */
export interface SynchronousInForce {
  /** Names of tablets. */
  readonly cohort: Cohort;
  /** The end of the primary's WAL at a moment at which it had been in force. */
  readonly sinceLsn: number;
}

export interface StandbyState {
  readonly name: string;
  readonly isStreaming: boolean;
  /** Since when it has been streaming, or not, by the own clock. */
  readonly sinceMs: number;
  /** 0: nothing in this term. */
  readonly flushedLsn: number;
  /** Behind the primary's flushed WAL. */
  readonly lagBytes: number;
}

export interface PrimarySaid {
  readonly systemIdentifier: string | undefined;
  /** `shardgres.terms` of its WAL; the last is the document's term. */
  readonly terms: readonly TermStart[];
  /** By the own clock: when it was asked last, and since when every answer has been of a primary of that term. */
  readonly askedAtMs: number;
  readonly sinceMs: number;
}

export type LeaseState =
  /** Until when by the own clock, counted from before it was asked for. The loop renews it until "release-lease". */
  | { readonly kind: "mine"; readonly untilMs: number; readonly candidateSinceMs: number | undefined }
  | { readonly kind: "other" }
  | { readonly kind: "free"; readonly sinceMs: number }
  /** The store does not answer. */
  | { readonly kind: "unknown" };
