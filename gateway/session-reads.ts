// Where the reads of a session may go: what it has set, and what it is in the midst of. Most sessions have set nothing; for
// them this is one comparison per statement.
import type { ReadOptions } from "../src/pool/read-options.ts";
import { maxStandbyLagMs, maxStandbyLagSetting, readFromOf, readFromSetting } from "./read-settings.ts";
import type { Session } from "./session.ts";

export class SessionReads {
  readonly #session: Session;
  /** undefined: reads go to primaries. */
  #options: ReadOptions | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** To be called when settings may have changed. */
  changed(): void {
    const { transaction, limits } = this.#session;
    const from = readFromOf(transaction.setting(readFromSetting));
    const lagMaxMs = maxStandbyLagMs(transaction.setting(maxStandbyLagSetting));
    this.#options = from === "primary" ? undefined : { from, lagMaxMs, patienceMs: limits.holdTimeoutMs };
  }

  /** Of one statement outside of a transaction. `readOnly`: it is known to write nothing and to lock nothing. */
  ofStatement(readOnly: boolean): ReadOptions | undefined {
    if (this.#options === undefined || !readOnly) return undefined;
    return this.#session.transaction.status === "idle" ? this.#unlessBound : undefined;
  }

  /** Of the open transaction: what it reads it must be able to read again, so it stays where it is. */
  get ofTransaction(): ReadOptions | undefined {
    if (this.#options === undefined) return undefined;
    const { isExplicit, isReadOnly } = this.#session.transaction;
    return isExplicit && isReadOnly ? this.#unlessBound : undefined;
  }

  /** False: a tablet has to be chosen for the statement, or it has to be looked at before it goes to a standby. */
  takeShortWay(readOnly: boolean): boolean {
    if (this.#options === undefined) return true;
    const { status, isOnStandbys } = this.#session.transaction;
    if (status === "idle") return !readOnly;
    return readOnly || !(isOnStandbys || this.ofTransaction !== undefined);
  }

  /** Temporary tables and the like are where they are; a hot standby knows no SERIALIZABLE. */
  get #unlessBound(): ReadOptions | undefined {
    const { reserved, transaction } = this.#session;
    return reserved.size === 0 && transaction.isolation !== "serializable" ? this.#options : undefined;
  }
}
