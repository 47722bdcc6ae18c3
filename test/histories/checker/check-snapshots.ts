// What one snapshot shows, it shows whole. At READ COMMITTED every statement has a snapshot of its own, on the shards that
// it reads; above, the transaction has one, on all shards. From what a snapshot shows follows what it must show:
//
//   1 a distributed commit that it shows on one shard, on all of its shards
//   2 on one shard, whatever was committed there before something that it shows there
//   3 whatever a client had its COMMIT for before the snapshot was begun
import type { Anomaly } from "./anomaly.ts";
import type { Evidence } from "./evidence.ts";
import type { ForeignRead } from "./foreign-reads.ts";
import { type Key, type Transaction, type Value, writesOf } from "./history.ts";

interface Snapshot {
  readonly of: Transaction;
  readonly startedAt: number;
  readonly reads: readonly ForeignRead[];
  /** undefined: all. */
  readonly shards: ReadonlySet<number> | undefined;
}

export function checkSnapshots(evidence: Evidence): Anomaly[] {
  return snapshotsOf(evidence).flatMap((snapshot) => [
    ...changes(snapshot),
    ...fractures(snapshot, evidence),
    ...staleReads(snapshot, evidence),
  ]);
}

function snapshotsOf({ history, statements }: Evidence): Snapshot[] {
  return history.transactions.flatMap((of): Snapshot[] => {
    const own = (statements.get(of) ?? []).filter(({ reads }) => reads.length > 0);
    if (of.level !== "read committed")
      return [{ of, startedAt: of.startedAt, reads: own.flatMap(({ reads }) => reads), shards: undefined }];
    return own.map(({ startedAt, reads }) => {
      return { of, startedAt, reads, shards: new Set(reads.map(({ key }) => history.shardOf(key))) };
    });
  });
}

function changes({ of, reads }: Snapshot): Anomaly[] {
  const versions = new Map<Key, Value>();
  return reads.flatMap(({ key, version }) => {
    const first = versions.get(key) ?? version;
    versions.set(key, first);
    if (first === version) return [];
    const text = `T${of.id} reads ${key} at ${first} and then at ${version}`;
    return [{ kind: "non-repeatable read" as const, transactions: [of.id], text }];
  });
}

function fractures(snapshot: Snapshot, evidence: Evidence): Anomaly[] {
  const { of, reads } = snapshot;
  const anomalies: Anomaly[] = [];
  for (const [transaction, byShard] of shownBy(snapshot, evidence)) {
    for (const { key, value } of writesOf(transaction)) {
      const because = byShard.get(evidence.history.shardOf(key));
      if (because === undefined) continue;
      for (const read of reads) {
        if (read.key !== key || !evidence.order.isLater(key, value, read.version)) continue;
        const text = `T${of.id} reads ${key} at ${read.version}, without ${value} of T${transaction.id}, though ${because}`;
        anomalies.push({ kind: "fractured read", transactions: [of.id, transaction.id], text });
      }
    }
  }
  return anomalies;
}

/** Transactions that the snapshot must show, by shard, each with the reason. */
function shownBy(snapshot: Snapshot, evidence: Evidence): Map<Transaction, Map<number, string>> {
  const { history, writers, order, shards, statements, happened } = evidence;
  const shown = new Map<Transaction, Map<number, string>>();
  const open: { readonly transaction: Transaction; readonly shard: number }[] = [];
  const show = (value: Value | undefined, shard: number, because: (who: string) => string) => {
    const transaction = value === undefined ? undefined : writers.get(value)?.transaction;
    if (transaction !== undefined) showTransaction(transaction, shard, because(`T${transaction.id}`));
  };
  const showTransaction = (transaction: Transaction, shard: number, because: string) => {
    if (transaction === snapshot.of || !happened.has(transaction)) return;
    const byShard = shown.get(transaction) ?? new Map<number, string>();
    if (byShard.has(shard) || (snapshot.shards !== undefined && !snapshot.shards.has(shard))) return;
    shown.set(transaction, byShard.set(shard, because));
    open.push({ transaction, shard });
  };
  for (const { key, version } of snapshot.reads)
    show(version, history.shardOf(key), (who) => `it shows ${version} of ${who} in ${key}`);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { transaction, shard } = next;
    const because = shown.get(transaction)!.get(shard)!;
    const name = `T${transaction.id}`;
    for (const other of shards.get(transaction)!)
      if (other !== shard) showTransaction(transaction, other, `${because} (shard ${shard})`);
    // Rule 3 answers for all that came before what was over when the snapshot began.
    if (isOver(transaction, snapshot)) continue;
    const before = (who: string) => `${because}, and ${who} came before ${name} on shard ${shard}`;
    for (const { key, value } of writesOf(transaction))
      if (history.shardOf(key) === shard) show(order.previous(key, value), shard, before);
    for (const { reads } of statements.get(transaction)!)
      for (const { key, version } of reads) if (history.shardOf(key) === shard) show(version, shard, before);
  }
  return shown;
}

function staleReads(snapshot: Snapshot, { order, writers }: Evidence): Anomaly[] {
  const { of, reads } = snapshot;
  return reads.flatMap(({ key, version }) =>
    order.after(key, version).flatMap((value) => {
      const writer = writers.get(value)?.transaction;
      if (writer === undefined || writer === of || !isOver(writer, snapshot)) return [];
      const text = `T${of.id} reads ${key} at ${version}, though T${writer.id} had committed ${value} before`;
      return [{ kind: "stale read" as const, transactions: [of.id, writer.id], text }];
    }),
  );
}

function isOver({ endedAt }: Transaction, { startedAt }: Snapshot): boolean {
  return endedAt !== undefined && endedAt < startedAt;
}
