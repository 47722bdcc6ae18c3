// Which transactions were over before which began, without those pairs that follow from others.
import type { Transaction } from "./history.ts";

/** Pairs of indexes. */
export function precedence(transactions: readonly Transaction[]): [number, number][] {
  const events = transactions.flatMap(({ startedAt, endedAt }, index) => [
    { at: startedAt, index, isStart: true },
    ...(endedAt === undefined ? [] : [{ at: endedAt, index, isStart: false }]),
  ]);
  // What happens at one time is not known to be in any order: starts go first.
  events.sort((a, b) => a.at - b.at || Number(b.isStart) - Number(a.isStart));
  const pairs: [number, number][] = [];
  /** Those that are over and not before another one of these. */
  let latest: number[] = [];
  for (const { index, isStart } of events) {
    const { startedAt } = transactions[index]!;
    if (isStart) pairs.push(...latest.map((before): [number, number] => [before, index]));
    else latest = [...latest.filter((before) => !(transactions[before]!.endedAt! < startedAt)), index];
  }
  return pairs;
}
