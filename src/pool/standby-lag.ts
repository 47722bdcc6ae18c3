// How far a standby is behind its primary, by one clock, the gateway's own: the primary is asked now and again how far its
// WAL reaches. A standby that has replayed up to there lacks nothing that the primary had when it was asked.

/** What the primary's WAL reached, at least, at a moment. */
export interface Mark {
  /** By a monotonic clock, before the question was sent. */
  readonly atMs: number;
  readonly lsn: number;
}

/** Who is further behind than so many marks is too far behind to be measured. */
const marksMax = 600;

/** The marks with a new one, oldest first. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const last = marks.at(-1);
  // A crash can take from a primary the end of a WAL that was not on its disk.
  if (last !== undefined && mark.lsn < last.lsn) return [...marks.filter(({ lsn }) => lsn <= mark.lsn), mark];
  const kept = last?.lsn === mark.lsn ? marks.slice(0, -1) : marks;
  return [...kept.slice(-(marksMax - 1)), mark];
}

/** The standby shows everything that the primary had so many milliseconds ago. undefined: longer ago than is known. */
export function lagMs(marks: readonly Mark[], replayedLsn: number, nowMs: number): number | undefined {
  const mark = marks.findLast(({ lsn }) => lsn <= replayedLsn);
  return mark && Math.max(0, nowMs - mark.atMs);
}
