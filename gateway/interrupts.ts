// What stops a session in the midst of its work: a cancel request, a time limit, the end of the session. It holds for
// everything that is done until the client's present message is answered: whoever waits gives up, whoever is about to
// take the next step must look first.
import { ShardError } from "../src/pgwire/error-fields.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import { DeadlockDetected } from "../src/transaction/deadlock-error.ts";
import type { Session } from "./session.ts";

/** How soon cancel requests are repeated: at first, and at most. */
const [againMs, againMsMax] = [50, 1_000];

export class Interrupts {
  #controller = new AbortController();
  #again: NodeJS.Timeout | undefined;

  /** Aborted with the reason, which is what the client is told. Another one after `reset`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * The first reason counts. `cancel` is called now and again until `reset`: a shard that is sent a cancel request
   * before it has read the statement takes no notice of it.
   */
  raise(reason: Error, cancel: () => void): void {
    if (!this.#controller.signal.aborted) this.#controller.abort(reason);
    cancel();
    const repeat = (ms: number) => {
      clearTimeout(this.#again);
      this.#again = setTimeout(() => {
        cancel();
        repeat(Math.min(2 * ms, againMsMax));
      }, ms);
    };
    repeat(againMs);
  }

  /** The message is dealt with; what has stopped it does not concern the next one. */
  reset(): void {
    if (!this.#controller.signal.aborted) return;
    this.#controller = new AbortController();
    clearTimeout(this.#again);
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
    if (!aborted || !(error instanceof ShardError) || !consequences.has(error.fields.code)) return error;
    return reason instanceof DeadlockDetected ? reason.inContextOf(error) : reason;
  }
}

/** Everything that works for the session stops, and what is about to begin does not. `isWish`: of the client. */
export function stopWork(session: Session, reason: Error, isWish: boolean): void {
  session.copy?.interrupt(reason);
  session.interrupts.raise(reason, () => cancelWork(session, isWish));
}

function cancelWork({ active, reserved, transaction }: Session, isWish: boolean): void {
  for (const connection of active.keys()) connection.cancel();
  const joined = new Set([...transaction.participants.values()].map(({ lease }) => lease));
  for (const lease of reserved.values()) {
    if (lease.connection.inFlight > 0 && !joined.has(lease)) lease.connection.cancel();
  }
  transaction.cancel(isWish);
}

const queryCanceled = "57014";
/** What was sent together with the statement that is cancelled may find its transaction aborted. */
const consequences = new Set([queryCanceled, "25P02"]);

export function canceledByUser(): SqlError {
  return new SqlError({ code: queryCanceled, message: "canceling statement due to user request" });
}

export function canceledByTimeout(): SqlError {
  return new SqlError({ code: queryCanceled, message: "canceling statement due to statement timeout" });
}
