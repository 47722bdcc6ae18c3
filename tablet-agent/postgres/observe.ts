// Observes one PostgreSQL over a connection that is kept, so that looking at it several times a second costs little.
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import { type ObservedRow, observationQuery, unblockReplayStatement } from "./observation-query.ts";
import type { Observation, ReceiverProblem } from "./server.ts";
import { closeSession, openSession, type SessionTarget } from "./session.ts";
import { parseTermRecord } from "./term-record.ts";

/** What the agent knows itself. */
export interface Intent {
  /** A standby that is to follow nobody. */
  readonly isCut: boolean;
  readonly problem: (() => Promise<ReceiverProblem | undefined>) | undefined;
}

/** In this a standby without receiver waits before it looks at its disk again. */
const waitsAtEnd = "RecoveryRetrieveRetryInterval";
/** Some times the `wal_retrieve_retry_interval` of a standby that follows nobody. */
const stillMs = 600;
/** Beyond this a primary has missed to say that it is there (half of wal_sender_timeout). */
const silenceMs = 3_000;

/** Without what only the files say. */
export type Seen = Omit<Observation, "branchedAtLsn">;

export class Observer {
  #target: SessionTarget;
  #client: pg.Client | undefined;
  #stillSince: { readonly lsn: number; readonly atMs: number } | undefined;

  constructor(target: SessionTarget) {
    this.#target = target;
  }

  /**
   * Who follows nobody is about to tell how far it is: sessions that hold up its replay are ended. Throws when there is no
   * answer before the signal is aborted. Not to be called again before it has ended.
   */
  async observe({ isCut, problem }: Intent, signal: AbortSignal): Promise<Seen> {
    const row = await this.#ask(isCut, signal);
    const isAtEnd = isCut && this.#isAtEnd(row);
    const isReceiving = row.receiverStatus === "streaming";
    return { ...observation(row, isAtEnd), receiverProblem: isReceiving || isCut ? undefined : await problem?.() };
  }

  /** The next call looks with a new connection. */
  close(): void {
    if (this.#client) closeSession(this.#client);
    this.#client = undefined;
    this.#stillSince = undefined;
  }

  async #ask(isCut: boolean, signal: AbortSignal): Promise<ObservedRow> {
    signal.throwIfAborted();
    let abort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(new AppError("postgres-silent", "PostgreSQL does not answer", { cause: signal.reason }));
      signal.addEventListener("abort", abort);
    });
    try {
      return await Promise.race([this.#query(isCut, signal), aborted]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #query(isCut: boolean, signal: AbortSignal): Promise<ObservedRow> {
    let client = this.#client;
    if (client === undefined) {
      client = await openSession(this.#target);
      // Whoever asked has been told; nobody knows of this connection.
      if (signal.aborted) closeSession(client);
      signal.throwIfAborted();
      this.#client = client;
    }
    const { rows } = await client.query({ name: "observe", text: observationQuery });
    const row: ObservedRow = rows[0].observed;
    // PostgreSQL itself would do so, but goes by the limits that it knew when it began to wait.
    if (isCut && row.isReplayBlocked) await client.query(unblockReplayStatement);
    return row;
  }

  /**
   * A standby that follows nobody has replayed all that it received, or, if nothing was received since its start, is seen
   * waiting before it looks at its disk again, which it does only after it has come to the end. What was received may end
   * in the middle of a record, which is never replayed: then it has to be seen waiting at the same place for some time.
   */
  #isAtEnd(row: ObservedRow): boolean {
    const { isStandby, hasReceiver, flushedLsn, replayedLsn, startupWaitsFor } = row;
    const isStill = isStandby && !hasReceiver && replayedLsn !== null && startupWaitsFor === waitsAtEnd;
    if (!isStill || this.#stillSince?.lsn !== replayedLsn) this.#stillSince = undefined;
    if (!isStandby || hasReceiver || replayedLsn === null) return false;
    if (flushedLsn !== null && replayedLsn >= flushedLsn) return true;
    if (!isStill) return false;
    if (flushedLsn === null) return true;
    this.#stillSince ??= { lsn: replayedLsn, atMs: performance.now() };
    return performance.now() - this.#stillSince.atMs >= stillMs;
  }
}

function observation(row: ObservedRow, isAtEnd: boolean): Omit<Seen, "receiverProblem"> {
  const replayedLsn = row.replayedLsn ?? 0;
  const { term, terms } = parseTermRecord(row.settings);
  return {
    role: row.isStandby ? "standby" : "primary",
    systemIdentifier: row.systemIdentifier,
    timeline: row.timeline,
    term,
    terms,
    // Beyond what is replayed there is at most a part of a record.
    lsn: isAtEnd ? replayedLsn : Math.max(row.flushedLsn ?? 0, replayedLsn),
    isAtEnd,
    replayedLsn,
    lagMs: row.isStandby ? lagMs(row) : 0,
    receiver: receiver(row),
    standbys: row.standbys,
    transactions: row.transactions,
    pendingRestart: row.pendingRestart,
    room: row.room,
  };
}

/** Who has replayed everything lags by no more than the silence of the primary, if that is silent. */
function lagMs({
  flushedLsn,
  replayedLsn,
  replayedAgeMs,
  heardAgeMs,
  receiverStatus,
}: ObservedRow): number | undefined {
  if (receiverStatus !== "streaming" || flushedLsn === null || replayedLsn === null || heardAgeMs === null) {
    return undefined;
  }
  const silentMs = heardAgeMs > silenceMs ? heardAgeMs : 0;
  return replayedLsn >= flushedLsn ? silentMs : Math.max(silentMs, replayedAgeMs ?? silentMs);
}

function receiver({ receiverName, receiverStatus, hasReceiver }: ObservedRow): Observation["receiver"] {
  if (!hasReceiver) return undefined;
  const status = receiverStatus ?? "connecting";
  return receiverName === null ? { status } : { applicationName: receiverName, status };
}
