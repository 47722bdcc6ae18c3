// Places in the WAL of tablets that may have parted ways. LSNs alone say nothing then; nor do timelines: two tablets
// promoted from one timeline give the new one the same number. The terms that primaries record in the WAL tell.

export interface WalPosition {
  /** As the last record of a term in the WAL says. 0: there is none. */
  readonly term: number;
  readonly lsn: number;
}

export interface WalEnd extends WalPosition {
  /**
   * Where the first timeline begins that is later than the last of `shardgres.terms`: somebody was promoted there and left no
   * record of the term, or not here. What follows is of nobody knows whom. undefined: there is none.
   */
  readonly branchedAtLsn: number | undefined;
}

/** Where a term began: the end of the WAL of the tablet that was promoted for it. */
export interface TermStart {
  readonly term: number;
  readonly lsn: number;
}

/** Greater than 0: `a` is more advanced. Whoever is more advanced has all that was acknowledged and the other one has. */
export function compareWal(a: WalPosition, b: WalPosition): number {
  return a.term - b.term || a.lsn - b.lsn;
}

/**
 * What is recorded when a term begins with this WAL. What a promotion that was not finished has left in it belongs to the new
 * term: then there are two, and others' WAL must part from the older term before the first.
 */
export function termStarts(term: number, { lsn, branchedAtLsn }: WalEnd): TermStart[] {
  return branchedAtLsn === undefined
    ? [{ term, lsn }]
    : [
        { term, lsn: branchedAtLsn },
        { term, lsn },
      ];
}

/** Whether the WAL is a beginning of that of a primary whose WAL says `terms`, so that it can just go on from there. */
export function isBeginningOf({ term, lsn, branchedAtLsn }: WalEnd, terms: readonly TermStart[]): boolean {
  if (branchedAtLsn !== undefined) return false;
  const at = terms.findLastIndex((start) => start.term === term);
  const next = terms[at + 1];
  return at !== -1 && (next === undefined || lsn <= next.lsn);
}
