// Something that must come true within a time.
import { delay } from "../../src/base/delay.ts";

const pollMs = 10;

/** Tries again until it does not reject; after `limitMs` rejects with the last reason. What hangs is given up as well. */
export async function within<T>(limitMs: number, what: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + limitMs;
  let reason: unknown = "no answer";
  const timer = new AbortController();
  const limit = delay(limitMs, timer.signal).then(() => {
    throw new Error(`waited ${limitMs} ms for ${what}: ${reason instanceof Error ? reason.message : reason}`);
  });
  limit.catch(() => {});
  try {
    for (;;) {
      try {
        return await Promise.race([work(), limit]);
      } catch (error) {
        if (performance.now() >= deadline) throw error;
        reason = error;
        await delay(pollMs);
      }
    }
  } finally {
    timer.abort();
  }
}
