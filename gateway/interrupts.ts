// What stops a session in the midst of its work: a cancel request, a time limit, the end of the session. It holds for
// everything that is done until the client's present message is answered: whoever waits gives up, whoever is about to
// take the next step must look first.
import { ShardError } from "../src/pgwire/error-fields.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Session } from "./session.ts";

export class Interrupts {
  #controller = new AbortController();

  /** Aborted with the reason, which is what the client is told. Another one after `reset`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first reason counts. */
  raise(reason: Error): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(reason);
  }

  /** The next message begins; what has stopped the last one does not concern it. */
  reset(): void {
    if (this.#controller.signal.aborted) this.#controller = new AbortController();
  }

  /** Throws the reason, if there is one. */
  check(): void {
    this.#controller.signal.throwIfAborted();
  }

  /** As `promise`, unless an interrupt comes first; then the promise goes on without anybody waiting for it. */
  async orSooner<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) promise.catch(() => {});
    signal.throwIfAborted();
    let stop = () => {};
    const interrupted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop);
    });
    try {
      return await Promise.race([promise, interrupted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** To a shard every interrupt is a cancel request: the client is told what it really was. */
  explain(error: unknown): unknown {
    const { aborted, reason } = this.#controller.signal;
    return aborted && error instanceof ShardError && error.fields.code === queryCanceled ? reason : error;
  }
}

/** Everything that works for the session stops, and what is about to begin does not. `isWish`: of the client. */
export function stopWork(session: Session, reason: Error, isWish: boolean): void {
  const { interrupts, copy, active, reserved, transaction } = session;
  interrupts.raise(reason);
  copy?.interrupt(reason);
  for (const connection of active) connection.cancel();
  const joined = new Set([...transaction.participants.values()].map(({ lease }) => lease));
  for (const lease of reserved.values()) {
    if (lease.connection.inFlight > 0 && !joined.has(lease)) lease.connection.cancel();
  }
  transaction.cancel(isWish);
}

const queryCanceled = "57014";

export function canceledByUser(): SqlError {
  return new SqlError({ code: queryCanceled, message: "canceling statement due to user request" });
}

export function canceledByTimeout(): SqlError {
  return new SqlError({ code: queryCanceled, message: "canceling statement due to statement timeout" });
}
