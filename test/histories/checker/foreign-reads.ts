// What a transaction sees of others: its reads without what it has written itself before them.
import type { Anomaly } from "./anomaly.ts";
import { type History, type Key, type Read, type Transaction, unwritten, type Value } from "./history.ts";

export interface ForeignRead {
  readonly key: Key;
  /** Values of others; of a register the last one only. */
  readonly seen: readonly Value[];
  /** The last of them. */
  readonly version: Value;
}

export interface ForeignStatement {
  readonly startedAt: number;
  readonly reads: readonly ForeignRead[];
}

/** Its statements that read, in order. Own writes that it does not see as it made them are an anomaly. */
export function foreignReads(
  kind: History["kind"],
  transaction: Transaction,
): { readonly statements: readonly ForeignStatement[]; readonly anomalies: readonly Anomaly[] } {
  const own = new Map<Key, Value[]>();
  const statements: ForeignStatement[] = [];
  const anomalies: Anomaly[] = [];
  for (const statement of transaction.statements) {
    if (statement.kind === "write") {
      for (const { key, value } of statement.writes) own.set(key, [...(own.get(key) ?? []), value]);
      continue;
    }
    const reads: ForeignRead[] = [];
    for (const read of statement.reads) {
      const written = own.get(read.key) ?? [];
      const seen = kind === "lists" ? withoutAppended(read, written) : withoutReplaced(read, written);
      if (seen === undefined) {
        const text = `T${transaction.id} reads ${read.key} as [${read.seen}] after it has written [${written}]`;
        anomalies.push({ kind: "internal", transactions: [transaction.id], text });
      } else if (kind === "lists" || written.length === 0) {
        reads.push({ key: read.key, seen, version: seen.at(-1) ?? unwritten });
      }
    }
    statements.push({ startedAt: statement.startedAt, reads });
  }
  return { statements, anomalies };
}

/** undefined: it does not end with what the transaction has appended, or has it in other places as well. */
function withoutAppended({ seen }: Read, written: readonly Value[]): readonly Value[] | undefined {
  const length = seen.length - written.length;
  const before = seen.slice(0, Math.max(length, 0));
  const isWhole = length >= 0 && written.every((value, i) => seen[length + i] === value);
  return isWhole && !written.some((value) => before.includes(value)) ? before : undefined;
}

/** A register that the transaction has written says nothing of others. */
function withoutReplaced({ seen }: Read, written: readonly Value[]): readonly Value[] | undefined {
  if (written.length === 0) return seen;
  return seen.length === 1 && seen[0] === written.at(-1) ? [] : undefined;
}
