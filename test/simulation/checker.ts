// What must hold in every history. Each check is made at the moment at which it can first fail.
import type { WalRecord } from "./postgres-model.ts";

export class Violation extends Error {
  override readonly name = "Violation";
}

export interface Checker {
  /** A tablet has become primary, or was started again as primary of its term, with this WAL. */
  promoted(name: string, term: number, wal: readonly WalRecord[]): void;
  /** A client may have been told that this record is committed. */
  acknowledged(by: string, index: number, record: WalRecord): void;
  named(oldTerm: number, newTerm: number): void;
  count(): number;
}

interface Promotion {
  readonly name: string;
  readonly term: number;
  readonly wal: readonly WalRecord[];
}

export function makeChecker(): Checker {
  const promotions: Promotion[] = [];
  const kept: { readonly index: number; readonly record: WalRecord }[] = [];
  return {
    promoted(name, term, wal) {
      const other = promotions.find((promotion) => promotion.term === term && promotion.name !== name);
      if (other) throw new Violation(`term ${term} has two primaries, ${other.name} and ${name}`);
      const lost = kept.filter(({ index, record }) => record.term <= term && wal[index] !== record);
      if (lost.length > 0)
        throw new Violation(`${name}, primary of term ${term}, has lost ${lost.length} acknowledged`);
      promotions.push({ name, term, wal: [...wal] });
    },
    acknowledged(by, index, record) {
      const later = promotions.find(({ term, wal }) => term > record.term && wal[index] !== record);
      if (later)
        throw new Violation(`${by} acknowledges in term ${record.term} what ${later.name} of ${later.term} lacks`);
      kept.push({ index, record });
    },
    named(oldTerm, newTerm) {
      if (newTerm <= oldTerm) throw new Violation(`the topology goes from term ${oldTerm} to ${newTerm}`);
    },
    count: () => kept.length,
  };
}
