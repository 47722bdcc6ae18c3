// Small changes of a history that leave the rest as it is.
import type { Random } from "../../support/random.ts";
import { type History, type Key, type Read, type Transaction, type Value, writesOf } from "./history.ts";

export interface ReadPlace {
  readonly read: Read;
  /** undefined: the look at the end. */
  readonly reader: Transaction | undefined;
}

export function readPlaces({ transactions, finally: last }: History): ReadPlace[] {
  const read = transactions.flatMap((reader) =>
    reader.statements.flatMap((statement) =>
      statement.kind === "read" ? statement.reads.map((each) => ({ read: each, reader })) : [],
    ),
  );
  return [...read, ...last.map((each) => ({ read: each, reader: undefined }))];
}

export function mapReads(
  history: History,
  change: (read: Read, reader: Transaction | undefined) => readonly Value[],
): History {
  const transactions = history.transactions.map((reader) => ({
    ...reader,
    statements: reader.statements.map((statement) => {
      if (statement.kind === "write") return statement;
      return { ...statement, reads: statement.reads.map((read) => ({ ...read, seen: change(read, reader) })) };
    }),
  }));
  return {
    ...history,
    transactions,
    finally: history.finally.map((read) => ({ ...read, seen: change(read, undefined) })),
  };
}

/** Changes one read of those that will do. */
export function inOneRead(
  history: History,
  random: Random,
  will: (read: Read, reader: Transaction | undefined) => boolean,
  change: (seen: readonly Value[]) => readonly Value[],
): History | undefined {
  const place = some(
    random,
    readPlaces(history).filter(({ read, reader }) => will(read, reader)),
  );
  return place && mapReads(history, (read) => (read === place.read ? change(read.seen) : read.seen));
}

/** Nobody reads these values any more. */
export function withoutValues(history: History, values: readonly Value[]): History {
  return mapReads(history, ({ seen }) => seen.filter((value) => !values.includes(value)));
}

export function withTransaction(
  history: History,
  { id }: Transaction,
  change: (transaction: Transaction) => Transaction,
): History {
  return { ...history, transactions: history.transactions.map((each) => (each.id === id ? change(each) : each)) };
}

export function withTransactions(history: History, more: readonly Transaction[]): History {
  return { ...history, transactions: [...history.transactions, ...more] };
}

/** One without statements, at the same time as all others. */
export function added(id: number): Transaction {
  const level = "repeatable read";
  return { id, session: id, level, outcome: "committed", startedAt: 0, endedAt: undefined, statements: [] };
}

export function reading(transaction: Transaction, ...reads: readonly Read[]): Transaction {
  return { ...transaction, statements: [...transaction.statements, { kind: "read", startedAt: 0, reads }] };
}

export function appending(transaction: Transaction, key: Key, value: Value): Transaction {
  const writes = [{ key, value }];
  return { ...transaction, statements: [...transaction.statements, { kind: "write", startedAt: 0, writes }] };
}

export function finallyAppended(history: History, key: Key, value: Value): History {
  const last = history.finally.map((read) => (read.key === key ? { key, seen: [...read.seen, value] } : read));
  return { ...history, finally: last };
}

export function finallySeen(history: History, key: Key): readonly Value[] {
  return history.finally.find((read) => read.key === key)?.seen ?? [];
}

export function writerOf({ transactions }: History, value: Value | undefined): Transaction | undefined {
  return transactions.find((each) => writesOf(each).some((write) => write.value === value));
}

export function keysOf(transaction: Transaction): Key[] {
  return [...new Set(writesOf(transaction).map(({ key }) => key))];
}

export function isWriter(transaction: Transaction, key: Key): boolean {
  return writesOf(transaction).some((write) => write.key === key);
}

export function committedWriters({ transactions }: History): Transaction[] {
  return transactions.filter((each) => each.outcome === "committed" && writesOf(each).length > 0);
}

export function some<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : random.pick(items);
}
