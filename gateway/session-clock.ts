// Keeps the time limits of one session with at most one timer, which is not touched as long as it rings early enough.
// What is counted, and from when, is what PostgreSQL counts:
//
//   idle session         from ReadyForQuery outside of a transaction to the next message
//   idle in transaction  from ReadyForQuery within one, failed or not, to the next message
//   transaction          from its first statement (BEGIN) to its end, or to an error in it
//   statement            from its beginning to its end; see below
//
// A statement that goes to one shard as it came is timed by that shard alone: it costs no timer here. When it has to be sent
// again the shard begins anew, and what was left is counted here: all of it in a transaction, else the waits.
import { SqlError } from "../src/pgwire/sql-error.ts";
import { noLimits, type TimeLimits } from "./time-limits.ts";

export interface TimedSession {
  statementTimedOut(): void;
  transactionTimedOut(reason: SqlError): void;
  /** The session is to end. */
  idleTimedOut(reason: SqlError): void;
}

export interface Timer {
  now(): number;
  /** Returns what stops it. */
  start(ms: number, ring: () => void): () => void;
}

const never = Number.POSITIVE_INFINITY;

export class SessionClock {
  /** False: there are no limits, and nothing here needs to be called but `setLimits`. */
  isOn = false;
  #session: TimedSession;
  #limits = noLimits;
  #timer: Timer;
  /** When each limit is reached. */
  #idleEnd = never;
  #idleReason: () => SqlError = idleSession;
  #statementEnd = never;
  /** Of the statement whose time a shard keeps. */
  #sentEnd = never;
  /** The statement is done again. */
  #isAgain = false;
  #transactionEnd = never;
  #ringsAt = never;
  #stopTimer = () => {};

  constructor(session: TimedSession, timer: Timer = realTimer) {
    this.#session = session;
    this.#timer = timer;
  }

  /** A change of the transaction's limit does not move an end that is set; without one, it counts from now. */
  setLimits(limits: TimeLimits, isInTransaction: boolean): void {
    const isChanged = limits.transaction !== this.#limits.transaction;
    this.#limits = limits;
    this.isOn = Object.values(limits).some((ms) => ms > 0);
    if (limits.transaction === 0) this.#transactionEnd = never;
    else if (isChanged && isInTransaction && this.#transactionEnd === never) {
      this.#transactionEnd = this.#after(limits.transaction);
    }
    if (limits.statement === 0) this.#statementEnd = never;
    this.#arm();
  }

  transactionBegins(): void {
    this.#transactionEnd = this.#after(this.#limits.transaction);
    this.#arm();
  }

  /** Without a transaction it is one of its own. */
  statementBegins(isInTransaction: boolean): void {
    this.#isAgain = false;
    this.#statementEnd = this.#after(this.#limits.statement);
    if (!isInTransaction) this.#transactionEnd = this.#after(this.#limits.transaction);
    this.#arm();
  }

  /**
   * A shard keeps the time of the statement itself, and of the transaction that is the statement's own. It does not count
   * the wait of its commit for standbys, which nothing here may break off.
   */
  statementSent(isInTransaction: boolean): void {
    if (!isInTransaction) this.#transactionEnd = never;
    else if (this.#isAgain) return;
    if (!this.#isAgain) {
      this.#sentEnd = this.#statementEnd === never ? this.#after(this.#limits.statement) : this.#statementEnd;
    }
    this.#statementEnd = never;
  }

  /** Its connection was lost, and it may be done again, within the time that it has left. */
  statementGoesOn(isInTransaction: boolean): void {
    if (this.#statementEnd === never) this.#statementEnd = this.#sentEnd;
    this.#isAgain = true;
    if (!isInTransaction && this.#transactionEnd === never) {
      this.#transactionEnd = this.#after(this.#limits.transaction);
    }
    this.#arm();
  }

  /** ReadyForQuery has been sent. */
  ready(transaction: "idle" | "open" | "failed"): void {
    this.#statementEnd = this.#sentEnd = never;
    this.#isAgain = false;
    if (transaction !== "open") this.#transactionEnd = never;
    const isIdle = transaction === "idle";
    this.#idleEnd = this.#after(isIdle ? this.#limits.idleSession : this.#limits.idleInTransaction);
    this.#idleReason = isIdle ? idleSession : idleInTransaction;
    this.#arm();
  }

  messageComes(): void {
    this.#idleEnd = never;
  }

  stop(): void {
    this.isOn = false;
    this.#limits = noLimits;
    this.#idleEnd = this.#statementEnd = this.#transactionEnd = never;
    this.#stopTimer();
  }

  #after(ms: number): number {
    return ms === 0 ? never : this.#timer.now() + ms;
  }

  #arm(): void {
    const next = Math.min(this.#idleEnd, this.#statementEnd, this.#transactionEnd);
    if (next >= this.#ringsAt) return;
    this.#stopTimer();
    this.#ringsAt = next;
    this.#stopTimer = this.#timer.start(Math.max(1, Math.ceil(next - this.#timer.now())), () => this.#ring());
  }

  #ring(): void {
    this.#ringsAt = never;
    const now = this.#timer.now();
    if (this.#transactionEnd <= now) {
      this.#transactionEnd = never;
      this.#session.transactionTimedOut(transactionTimeout());
    } else if (this.#idleEnd <= now) {
      this.#idleEnd = never;
      this.#session.idleTimedOut(this.#idleReason());
    } else if (this.#statementEnd <= now) {
      this.#statementEnd = never;
      this.#session.statementTimedOut();
    }
    this.#arm();
  }
}

const realTimer: Timer = {
  now: () => performance.now(),
  start(ms, ring) {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
};

function idleSession(): SqlError {
  return fatal("57P05", "terminating connection due to idle-session timeout");
}

function idleInTransaction(): SqlError {
  return fatal("25P03", "terminating connection due to idle-in-transaction timeout");
}

function transactionTimeout(): SqlError {
  return fatal("25P04", "terminating connection due to transaction timeout");
}

function fatal(code: string, message: string): SqlError {
  return new SqlError({ severity: "FATAL", code, message });
}
