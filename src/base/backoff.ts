// How long to wait before the next try: grows from `firstMs` to `maxMs`, with jitter so that many do not try at once.

export interface BackoffOptions {
  readonly firstMs?: number;
  readonly maxMs?: number;
  readonly random?: () => number;
}

/** Returns a function that gives the next delay in milliseconds; call `reset` after a success. */
export function backoff({ firstMs = 50, maxMs = 5_000, random = Math.random }: BackoffOptions = {}): {
  next(): number;
  reset(): void;
} {
  let ceilingMs = firstMs;
  return {
    next() {
      const delayMs = ceilingMs * (0.5 + random() / 2);
      ceilingMs = Math.min(maxMs, ceilingMs * 2);
      return delayMs;
    },
    reset() {
      ceilingMs = firstMs;
    },
  };
}
