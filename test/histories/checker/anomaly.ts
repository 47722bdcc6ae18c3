// What a history can show that no history should; names as Adya, Elle and Bailis ("fractured") use them.

export type AnomalyKind =
  // The values themselves.
  | "garbage read" // a value that nobody wrote to this key
  | "duplicate" // one value twice in a list
  | "incompatible order" // two reads that no single order of writes explains
  | "internal" // a transaction does not see its own writes as it made them
  // Atomicity and durability.
  | "lost write" // committed, and not there
  | "half commit" // there in part
  | "G1a" // aborted read
  | "G1b" // intermediate read
  // Snapshots.
  | "fractured read" // part of a commit without another part, or without what came before it on a shard
  | "stale read" // without something whose client had its COMMIT before the read began
  | "non-repeatable read"
  | "lost update"
  // Cycles of dependencies.
  | "G0" // ww
  | "G1c" // ww, wr
  | "G-single" // one rw among them
  | "long fork" // rw, wr, rw, wr: two readers disagree about the order of two writers
  | "G2-item"; // any cycle with rw

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** Ids of those who take part. */
  readonly transactions: readonly number[];
  readonly text: string;
}
