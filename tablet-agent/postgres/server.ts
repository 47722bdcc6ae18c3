// One PostgreSQL under full control of its agent: what can be done with it and what can be seen of it. It knows nothing of
// the topology and decides nothing; which of these may be called when is the business of the agent's rules.
import type { Room } from "../../src/agent-api/settings-in-force.ts";
import type { ClusterSettings } from "../../src/topology/cluster-settings.ts";
import type { Address } from "../../src/topology/snapshot.ts";
import type { BackupProgress } from "./base-backup.ts";

/** Where a standby gets its WAL from. */
export interface Upstream {
  readonly tablet: string;
  /** The term in which it is primary. A standby acknowledges for this term only. */
  readonly term: number;
  readonly address: Address;
}

/** Commits wait until `acknowledgements` of these have them on disk. undefined in its place: they wait for nobody. */
export interface SynchronousStandbys {
  /** At least 1. */
  readonly acknowledgements: number;
  /** As in application_name: "<tablet>_<term>", see `standbyName`. */
  readonly names: readonly string[];
}

export type StartAs =
  /**
   * Of the same term as when it stopped, on the same timeline. `hasFollowedNobody`: it may have been started as a standby
   * meanwhile, but of nobody, so that its WAL has come to no other timeline.
   */
  | {
      readonly kind: "primary";
      readonly synchronous: SynchronousStandbys | undefined;
      readonly hasFollowedNobody?: boolean;
    }
  /** `upstream` undefined: it follows nobody and replays what it has. */
  | { readonly kind: "standby"; readonly upstream: Upstream | undefined };

export type ServerProcess =
  /** `how`: "exit code 1", "signal SIGKILL"; undefined when it has not run yet. */
  | { readonly kind: "stopped"; readonly how: string | undefined }
  | { readonly kind: "starting"; readonly sinceMs: number }
  | { readonly kind: "running"; readonly pid: number };

/** What is on disk while PostgreSQL does not run, as its control file says. */
export interface DataState {
  readonly systemIdentifier: string;
  /** "in-production" or "in-recovery" on disk while nothing runs: it has crashed. */
  readonly state: "shut-down" | "shut-down-in-recovery" | "in-recovery" | "in-production";
  readonly timeline: number;
  /** Of the last checkpoint; for "shut-down" nothing but that record comes after it. */
  readonly checkpointLsn: number;
}

/** LSNs are numbers: bytes from the beginning of the WAL. */
export interface Observation {
  readonly role: "primary" | "standby";
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** Of the WAL as far as it is replayed; 0: none was recorded yet. */
  readonly term: number;
  /** Where each term began, oldest first; the last 100. */
  readonly terms: readonly TermStart[];
  /** Primary: flushed. Standby: end of what is on disk as far as known. */
  readonly lsn: number;
  /** Standby without receiver that has replayed everything on its disk: `term` and `lsn` are exact. */
  readonly isAtEnd: boolean;
  /**
   * When it is at its end: where the first timeline begins that is later than the last of `terms`. Somebody was promoted
   * there and left no record of the term.
   */
  readonly branchedAtLsn: number | undefined;
  readonly replayedLsn: number;
  /** Standby: how old its data are; undefined when it cannot be known, as nobody sends. Primary: 0. */
  readonly lagMs: number | undefined;
  readonly receiver: { readonly applicationName?: string; readonly status: string } | undefined;
  /** Why a standby that should follow somebody gets no WAL, as far as PostgreSQL has said. */
  readonly receiverProblem: ReceiverProblem | undefined;
  /** Who follows this one. */
  readonly standbys: readonly ObservedStandby[];
  /** Transactions of clients that are open, agents' own left out. */
  readonly transactions: { readonly open: number; readonly oldestMs: number };
  readonly pendingRestart: boolean;
  readonly room: Room;
}

export interface TermStart {
  readonly term: number;
  /** End of what it has in common with the term before. */
  readonly lsn: number;
}

export interface ObservedStandby {
  readonly applicationName: string;
  /** 0: it has not said. */
  readonly flushedLsn: number;
  readonly replayedLsn: number;
  readonly isStreaming: boolean;
  readonly isSynchronous: boolean;
}

export interface ReceiverProblem {
  /** "wal-removed", "diverged": it will never get WAL from there, and must be rewound or cloned. "other": it may. */
  readonly kind: "wal-removed" | "diverged" | "other";
  /** What PostgreSQL said. */
  readonly message: string;
}

/**
 * "smart" waits as long as sessions are open, and lets no new ones in. "fast" and "immediate" go on to what is stronger after
 * a limit. "kill" ends frozen processes too.
 */
export type StopMode = "smart" | "fast" | "immediate" | "kill";

/**
 * Methods that change something are called one after the other; `observe`, `freeBytes`, `stop` and `process` at any time.
 * What PostgreSQL refuses is thrown as the error of the driver, which has its SQLSTATE as `code`.
 */
export interface PostgresServer {
  /** Its Unix socket. */
  readonly address: Address;
  readonly process: ServerProcess;
  /** Told when PostgreSQL ends without having been asked to. */
  onEnd(listener: (how: string) => void): void;

  /** Throws AppError "wrong-version" or "not-a-data-directory". */
  hasData(): Promise<boolean>;
  /** undefined: there are no data. Throws AppError "corrupt-data" when they cannot be read. */
  dataState(): Promise<DataState | undefined>;
  /** Makes a new database cluster; throws AppError "initdb-failed". */
  initialise(signal: AbortSignal): Promise<void>;
  /** Asks `upstream` itself. Throws AppError "not-primary" unless it is the primary of that term, or why it cannot be asked. */
  checkPrimary(upstream: Upstream, signal: AbortSignal): Promise<void>;
  /** Copies everything from `upstream`, where there are no data; throws as `cloneStandby`. */
  clone(upstream: Upstream, onProgress: (progress: BackupProgress) => void, signal: AbortSignal): Promise<void>;
  /** Removes the data; never while PostgreSQL runs. */
  remove(): Promise<void>;
  /**
   * Undoes what this stopped PostgreSQL has that `upstream` has not; to be started as its standby next. "not-possible":
   * `pg_rewind` is not there, cannot tell the histories apart, or has failed; what is there then is only good to be
   * removed. Throws AppError "other-system" when the two have never been one.
   */
  rewind(upstream: Upstream, signal: AbortSignal): Promise<"rewound" | "not-possible">;
  freeBytes(): Promise<number>;

  /**
   * Resolves when it accepts connections. Throws AppError with what PostgreSQL said: "disk-full", "corrupt-data",
   * "postgres-failed", and "was-standby" for a primary that would be a standby without its promotion.
   */
  start(as: StartAs): Promise<void>;
  /** Idempotent; a stronger one may follow before it has resolved. */
  stop(mode: StopMode): Promise<void>;
  /**
   * Makes a running standby the primary of the last of these terms, which are recorded in the WAL. Nobody is acknowledged a commit before the WAL says the term. Of a
   * running primary: records a later term.
   */
  promote(starts: readonly TermStart[], synchronous: SynchronousStandbys | undefined): Promise<void>;
  /**
   * Of a running standby. Resolves when nothing is received any more from whom it followed before, and what was received
   * is on disk.
   */
  follow(upstream: Upstream | undefined): Promise<void>;
  /** Of a running primary. Resolves when no commit is acknowledged any more by the rule before. */
  setSynchronousStandbys(synchronous: SynchronousStandbys | undefined): Promise<void>;
  /**
   * All of the cluster's settings, at once and for later starts. `raised`: what a standby needs more of, as its primary has
   * it. Gives those that count from the next start on, unless ALTER SYSTEM decides them. Throws AppError "invalid-setting" or
   * "reserved-setting", and changes nothing then.
   */
  setSettings(
    settings: ClusterSettings,
    raised?: ClusterSettings,
  ): Promise<{ readonly needsRestart: readonly string[] }>;
  checkpoint(): Promise<void>;
  /**
   * Keeps one physical slot for each other tablet and no more, and gives up those of the tablets that are gone. A standby
   * lets its slots follow what the tablets have flushed.
   */
  keepSlots(tablets: readonly { readonly name: string; readonly flushedLsn: number | undefined }[]): Promise<void>;

  /** One query over a kept connection. Throws when PostgreSQL does not answer before the signal is aborted. */
  observe(signal: AbortSignal): Promise<Observation>;
}

/** How a standby calls itself to the primary of a term. */
export function standbyName(tablet: string, term: number): string {
  return `${tablet}_${term}`;
}
