// Waiting that can be called off.
import { setTimeout as timeout } from "node:timers/promises";

/** Rejects with an AbortError as soon as the signal is aborted. */
export async function delay(delayMs: number, signal?: AbortSignal): Promise<void> {
  await timeout(delayMs, undefined, signal && { signal });
}

/** As `delay`, but an abort ends the wait instead of failing it. */
export async function delayUnlessAborted(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(delayMs, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
