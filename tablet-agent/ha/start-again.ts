// When a PostgreSQL that has ended is started again: after the first crash at once, then later and later, up to a second.

const firstPauseMs = 250;
const pauseMaxMs = 1_000;

export function startsAgainAtMs({
  sinceMs,
  failures,
}: {
  readonly sinceMs: number;
  readonly failures: number;
}): number {
  return failures < 2 ? sinceMs : sinceMs + Math.min(firstPauseMs * 2 ** (failures - 2), pauseMaxMs);
}
