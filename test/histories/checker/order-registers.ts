// The order of a register's versions: every write has told which version it replaced, so the order is walked back from
// what is there at the end. A write whose answer was lost has told nothing; there the order falls into pieces.
import type { Anomaly } from "./anomaly.ts";
import { type History, type Key, type Transaction, unwritten, type Value, type Write, writesOf } from "./history.ts";
import { type KeyOrder, VersionOrder } from "./version-order.ts";

/** `happened`: those whose writes stay. */
export function orderRegisters(
  history: History,
  happened: readonly Transaction[],
): { readonly order: VersionOrder; readonly anomalies: readonly Anomaly[] } {
  const last = new Map(history.finally.map(({ key, seen }) => [key, seen.at(-1) ?? unwritten]));
  const replaced = new Map(history.transactions.flatMap(writesOf).map((write) => [write.value, write.replaced]));
  const writes = happened.flatMap((transaction) =>
    writesOf(transaction).map((write) => ({ ...write, by: transaction.id })),
  );
  const byKey = Map.groupBy(writes, ({ key }) => key);
  const keys = new Set<Key>([...byKey.keys(), ...last.keys()]);
  const orders = [...keys].map((key): [Key, KeyOrder] => {
    const end = last.get(key);
    const whole = end === undefined ? undefined : walkBack(end, replaced);
    if (whole !== undefined) return [key, { chains: [whole], isComplete: true }];
    return [key, { chains: pieces(byKey.get(key) ?? []), isComplete: false }];
  });
  const anomalies = [...byKey.values()].flatMap(rivals);
  return { order: new VersionOrder(new Map(orders)), anomalies };
}

/** The versions up to `end`, from the beginning; undefined when a write on the way has not told what it replaced. */
function walkBack(end: Value, replaced: ReadonlyMap<Value, Value | undefined>): Value[] | undefined {
  const chain = new Set<Value>([end]);
  for (let value: Value | undefined = end; value !== unwritten; ) {
    value = replaced.get(value);
    if (value === undefined || chain.has(value)) return undefined;
    chain.add(value);
  }
  return [...chain].reverse();
}

function pieces(writes: readonly Write[]): Value[][] {
  const next = new Map<Value, Value>();
  for (const { value, replaced } of writes) if (replaced !== undefined) next.set(replaced, value);
  const followers = new Set(next.values());
  const versions = new Set([unwritten, ...next.keys(), ...writes.map(({ value }) => value)]);
  return [...versions]
    .filter((value) => !followers.has(value))
    .map((beginning) => {
      const piece = new Set([beginning]);
      for (let value = next.get(beginning); value !== undefined && !piece.has(value); value = next.get(value))
        piece.add(value);
      return [...piece];
    });
}

/** Two writes of one key that replace the same version. */
function rivals(writes: readonly (Write & { readonly by: number })[]): Anomaly[] {
  const told = writes.filter(({ replaced }) => replaced !== undefined);
  return [...Map.groupBy(told, ({ replaced }) => replaced)]
    .filter(([, group]) => group.length > 1)
    .map(([replaced, group]) => ({
      kind: "incompatible order",
      transactions: group.map(({ by }) => by),
      text: `${group.map(({ value }) => value).join(" and ")} all replace ${replaced} in ${group[0]!.key}`,
    }));
}
