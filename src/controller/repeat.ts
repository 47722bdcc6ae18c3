// A background loop: does its work again and again, a while after it was done; a failure is told and tried again later.
import { backoff } from "../base/backoff.ts";
import { delayUnlessAborted } from "../base/delay.ts";

export interface RepeatOptions {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

/** The first time at once. Resolves after an abort, when the work that was being done is done. Never rejects. */
export async function repeat(work: () => Promise<void>, { everyMs, signal, onFailure }: RepeatOptions): Promise<void> {
  const pause = backoff({ firstMs: everyMs, maxMs: Math.max(everyMs, 10_000) });
  while (!signal.aborted) {
    let waitMs = everyMs;
    try {
      await work();
      pause.reset();
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      waitMs = pause.next();
    }
    await delayUnlessAborted(waitMs, signal);
  }
}
