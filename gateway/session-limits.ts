// The time limits of one session: which hold now, and what happens when one is reached.
import type { SqlError } from "../src/pgwire/sql-error.ts";
import { holdTimeoutMs, holdTimeoutSetting } from "./hold-timeout.ts";
import { canceledByTimeout } from "./interrupts.ts";
import type { Session } from "./session.ts";
import { SessionClock, type TimedSession } from "./session-clock.ts";
import { type TimeLimits, timeLimits } from "./time-limits.ts";

export class SessionLimits implements TimedSession {
  readonly clock = new SessionClock(this);
  /** For a primary. */
  holdTimeoutMs = holdTimeoutMs(undefined);
  #session: Session;
  #defaults: TimeLimits;

  /** `defaults`: where the session has set nothing. */
  constructor(session: Session, defaults: TimeLimits) {
    this.#session = session;
    this.#defaults = defaults;
  }

  /** To be called when one may have been set, or a SET may have been taken back. */
  changed(): void {
    const { transaction } = this.#session;
    const limits = timeLimits((name) => transaction.setting(name), this.#defaults);
    this.clock.setLimits(limits, transaction.status === "open");
    this.holdTimeoutMs = holdTimeoutMs(transaction.setting(holdTimeoutSetting));
    this.#session.reads.changed();
  }

  statementTimedOut(): void {
    this.#session.interrupt(canceledByTimeout());
  }

  transactionTimedOut(reason: SqlError): void {
    // The commit alone knows whether it is too late.
    if (this.#session.transaction.isCommitting) this.#session.interrupt(reason);
    else this.#session.fatal(reason);
  }

  idleTimedOut(reason: SqlError): void {
    this.#session.fatal(reason);
  }
}
