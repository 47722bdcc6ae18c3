// What clients have seen and done, as data: the input of the checker. Every value is written at most once, so a value
// names its writer, and the last value of a list (or the value of a register) names a version of its key.
//
//   lists       a write appends its value; a read sees all values so far
//   registers   a write replaces the value; a read sees the last one

export type Key = number;
/** Positive, and written once in the whole history. */
export type Value = number;
/** The version of a key that nobody has written yet. */
export const unwritten: Value = 0;

export interface Read {
  readonly key: Key;
  /** The list; of a register its one value. Empty: not written yet. */
  readonly seen: readonly Value[];
}

export interface Write {
  readonly key: Key;
  readonly value: Value;
  /** Of a register: the value that was there until now, where PostgreSQL has told it (RETURNING old.value). */
  readonly replaced?: Value;
}

/** One statement. `startedAt`: before it was sent, on the one clock of all clients. */
export type Statement =
  | { readonly kind: "read"; readonly startedAt: number; readonly reads: readonly Read[] }
  | { readonly kind: "write"; readonly startedAt: number; readonly writes: readonly Write[] };

export type Level = "read committed" | "repeatable read" | "serializable";

export interface Transaction {
  readonly id: number;
  readonly session: number;
  readonly level: Level;
  /** unknown: the client never heard how it ended. */
  readonly outcome: "committed" | "aborted" | "unknown";
  readonly startedAt: number;
  /** When the client had its answer; undefined: there was none, or one that said "not everywhere yet". */
  readonly endedAt: number | undefined;
  /** Those that were answered; and the writes of the one that was not. */
  readonly statements: readonly Statement[];
}

export interface History {
  readonly kind: "lists" | "registers";
  readonly transactions: readonly Transaction[];
  readonly shardOf: (key: Key) => number;
  /** What is there when everything has come to rest: every key that was written, or nothing when nobody has looked. */
  readonly finally: readonly Read[];
}

export function writesOf(transaction: Transaction): Write[] {
  return transaction.statements.flatMap((statement) => (statement.kind === "write" ? statement.writes : []));
}
