// Something that must come true within a time.
import { delay } from "../../src/base/delay.ts";

const pollMs = 10;

/** Rejects when the work does, or when it takes longer than `limitMs`. */
export async function promptly<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const limit = delay(limitMs, timer.signal).then(() => {
    throw new Error(`waited ${limitMs} ms for ${what}`);
  });
  limit.catch(() => {});
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.abort();
  }
}

/** Tries again until it does not reject; after `limitMs` rejects with the last reason. */
export async function within<T>(limitMs: number, what: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      return await promptly(Math.max(1, deadline - performance.now()), what, work());
    } catch (error) {
      if (performance.now() < deadline) {
        await delay(pollMs);
        continue;
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`not within ${limitMs} ms: ${what}; ${reason}`);
    }
  }
}
