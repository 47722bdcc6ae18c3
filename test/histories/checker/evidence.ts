// What a history proves before anything is judged: who has written which value, what each statement saw of others, who
// has taken place, and in which order the versions came. Values that cannot be are found on the way.
import type { Anomaly } from "./anomaly.ts";
import { type ForeignRead, type ForeignStatement, foreignReads } from "./foreign-reads.ts";
import { type History, type Key, type Transaction, unwritten, type Value, writesOf } from "./history.ts";
import { orderLists } from "./order-lists.ts";
import { orderRegisters } from "./order-registers.ts";
import type { VersionOrder } from "./version-order.ts";

export interface Writer {
  readonly transaction: Transaction;
  readonly key: Key;
  /** The last value that it has written to the key. */
  readonly isLast: boolean;
}

export interface ReadBy extends ForeignRead {
  /** undefined: the look at the end. */
  readonly reader: number | undefined;
}

export interface Evidence {
  readonly history: History;
  readonly writers: ReadonlyMap<Value, Writer>;
  readonly statements: ReadonlyMap<Transaction, readonly ForeignStatement[]>;
  /** Committed, or of unknown outcome but seen by somebody. */
  readonly happened: ReadonlySet<Transaction>;
  readonly order: VersionOrder;
  /** Shards that each transaction has written on. */
  readonly shards: ReadonlyMap<Transaction, ReadonlySet<number>>;
  /** Every version of somebody else that was read, or replaced; the look at the end too. */
  readonly reads: readonly ReadBy[];
}

export function gatherEvidence(history: History): { readonly evidence: Evidence; readonly anomalies: Anomaly[] } {
  const { transactions } = history;
  const anomalies: Anomaly[] = [];
  const writers = writersOf(transactions);
  const shards = new Map(
    transactions.map((each) => [each, new Set(writesOf(each).map(({ key }) => history.shardOf(key)))] as const),
  );
  const statements = new Map<Transaction, readonly ForeignStatement[]>();
  const reads: ReadBy[] = history.finally.map(({ key, seen }) => readBy(undefined, key, seen));
  for (const transaction of transactions) {
    const foreign = foreignReads(history.kind, transaction);
    anomalies.push(...foreign.anomalies);
    statements.set(transaction, foreign.statements);
    for (const statement of foreign.statements)
      for (const { key, seen } of statement.reads) reads.push(readBy(transaction, key, seen));
    for (const { key, replaced } of writesOf(transaction)) {
      const isForeign = replaced !== undefined && writers.get(replaced)?.transaction !== transaction;
      if (isForeign && replaced !== unwritten) reads.push(readBy(transaction, key, [replaced]));
    }
  }
  anomalies.push(...garbage(reads, writers));

  const seen = new Set(reads.flatMap((read) => read.seen));
  const isSeen = (each: Transaction) => writesOf(each).some(({ value }) => seen.has(value));
  const happened = transactions.filter(
    (each) => each.outcome === "committed" || (each.outcome === "unknown" && isSeen(each)),
  );
  const ordered = history.kind === "lists" ? orderLists(history, reads) : orderRegisters(history, happened);
  anomalies.push(...ordered.anomalies);
  const evidence = { history, writers, statements, happened: new Set(happened), order: ordered.order, shards, reads };
  return { evidence, anomalies };
}

function readBy(reader: Transaction | undefined, key: Key, seen: readonly Value[]): ReadBy {
  return { key, seen, version: seen.at(-1) ?? unwritten, reader: reader?.id };
}

function writersOf(transactions: readonly Transaction[]): Map<Value, Writer> {
  const writers = new Map<Value, Writer>();
  for (const transaction of transactions) {
    const writes = writesOf(transaction);
    const last = new Map(writes.map(({ key, value }) => [key, value]));
    for (const { key, value } of writes) writers.set(value, { transaction, key, isLast: last.get(key) === value });
  }
  return writers;
}

function garbage(reads: readonly ReadBy[], writers: ReadonlyMap<Value, Writer>): Anomaly[] {
  return reads.flatMap(({ key, seen, reader }) =>
    seen
      .filter((value) => writers.get(value)?.key !== key)
      .map((value) => ({
        kind: "garbage read" as const,
        transactions: reader === undefined ? [] : [reader],
        text: `${key} is read with ${value}, which nobody has written to it`,
      })),
  );
}
