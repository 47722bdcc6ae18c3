// How far a tablet's flushed WAL goes, as failover compares it: by the term that its last record was written in, then by
// LSN. Not by timeline: two tablets that were promoted from the same timeline give their new ones the same number.
// Every primary begins its term with a record that names it, so that the WAL itself tells the term.

export interface WalPosition {
  /** Of the primary that wrote the last record. */
  readonly term: number;
  /** End of what is flushed. */
  readonly lsn: number;
}

/** Negative when `a` is behind `b`. */
export function compareWal(a: WalPosition, b: WalPosition): number {
  return a.term - b.term || a.lsn - b.lsn;
}
