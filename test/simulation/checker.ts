// What must hold in every history. Each check is made at the moment at which it can first fail.
import type { Cohort, Shard } from "../../src/topology/snapshot.ts";
import { isSameCohort } from "../../tablet-agent/ha/cohort.ts";
import type { ShardChange } from "../../tablet-agent/ha/decision.ts";
import type { WalRecord } from "./postgres-model.ts";
import type { Store } from "./store-model.ts";

export class Violation extends Error {
  override readonly name = "Violation";
}

export interface Checker {
  /** A tablet has become primary, or was started again as primary of its term, with this WAL. */
  promoted(name: string, term: number, wal: readonly WalRecord[]): void;
  /** A client may have been told that this record is committed. */
  acknowledged(by: string, index: number, record: WalRecord, cohort: Cohort): void;
  /** The topology has been written. */
  changed(before: Shard, after: Shard, change: ShardChange): void;
  /** A primary is shut down while so many writes have not been acknowledged: their clients do not know what became of them. */
  leftInDoubt(writes: number): void;
  count(): number;
  readonly switchovers: Switchovers;
}

export interface Switchovers {
  readonly begun: number;
  /** The target became primary. */
  readonly done: number;
  readonly undone: number;
  /** Of restarts in place, done or not. */
  readonly restarts: number;
  readonly inDoubt: number;
}

interface Promotion {
  readonly name: string;
  readonly term: number;
  readonly wal: readonly WalRecord[];
}

interface Acknowledged {
  readonly index: number;
  readonly record: WalRecord;
}

export function makeChecker(store: Store): Checker {
  const primaries = new Map<number, string>();
  let promotions: Promotion[] = [];
  /** What must not be lost. */
  let kept: Acknowledged[] = [];
  /** What nobody but the primary need have: it may be lost, until a cohort has it. */
  let loose: Acknowledged[] = [];
  let count = 0;
  const switchovers = { begun: 0, done: 0, undone: 0, restarts: 0, inDoubt: 0 };
  return {
    promoted(name, term, wal) {
      const other = primaries.get(term) ?? name;
      if (other !== name) throw new Violation(`term ${term} has two primaries, ${other} and ${name}`);
      primaries.set(term, name);
      const lost = kept.filter(({ index, record }) => record.term <= term && wal[index] !== record);
      if (lost.length > 0)
        throw new Violation(`${name}, primary of term ${term}, has lost ${lost.length} acknowledged`);
      promotions.push({ name, term, wal: [...wal] });
    },
    acknowledged(by, index, record, cohort) {
      count++;
      const { shard } = store;
      if (
        shard.term === record.term &&
        ![shard.cohort, shard.nextCohort].some((one) => one && isSameCohort(one, cohort))
      )
        throw new Violation(`${by} has ${cohort.standbys.join(", ")} acknowledge, who are not in the topology`);
      if (cohort.acknowledgements === 0) {
        loose.push({ index, record });
        return;
      }
      const later = promotions.find(({ term, wal }) => term > record.term && wal[index] !== record);
      if (later)
        throw new Violation(`${by} acknowledges in term ${record.term} what ${later.name} of ${later.term} lacks`);
      kept.push({ index, record });
    },
    changed(before, after, change) {
      const isRising = change === "name-primary" ? after.term > before.term : after.term === before.term;
      if (!isRising) throw new Violation(`the topology goes from term ${before.term} to ${after.term}`);
      if (change === "begin-switchover" && after.switchover?.to !== after.primary?.name) switchovers.begun++;
      if (change === "end-switchover")
        switchovers[before.switchover?.to === before.primary?.name ? "restarts" : "undone"]++;
      if (change === "name-primary" && before.switchover?.to === after.primary?.name) switchovers.done++;
      if (change !== "settle-cohort") return;
      if (after.cohort.acknowledgements === 0) {
        // From now on a failover promises nothing.
        [kept, promotions] = [[], []];
      } else if (before.cohort.acknowledgements === 0) {
        // And now it does: for everything that this primary has acknowledged.
        kept.push(...loose.filter(({ record }) => record.term === after.term));
        loose = [];
      }
    },
    leftInDoubt(writes) {
      switchovers.inDoubt += writes;
    },
    count: () => count,
    switchovers,
  };
}
