// Histories written by hand, for tests of the checker. A line per transaction:
//
//   T3 rr aborted @10-20: a1[1 2] b1[]; a1+3      one statement reads a1 and b1, the next one appends 3 to a1
//
// The key a1 lies on shard a. `rc` (the default), `rr` or `ser`; `committed` (the default), `aborted` or `unknown`; without
// times a transaction is at the same time as all others. Registers: a1[2] reads, a1:1>2 replaces 1 by 2, a1:?>2 replaces
// nobody knows what. The line "finally: a1[1 2]" is the look at the end.
import type { History, Key, Level, Read, Statement, Transaction, Write } from "./history.ts";

const line = /^(?:T(\d+)((?: \w+)*)(?: @(\d+)-(\d+))?|(finally)): *(.*)$/;
const item = /([a-z])(\d)(?:\[([\d ]*)\]|\+(\d+)|:([\d?]+)>(\d+))/g;
const levels: Readonly<Record<string, Level>> = {
  rc: "read committed",
  rr: "repeatable read",
  ser: "serializable",
};

export function writtenHistory(kind: History["kind"], text: string): History {
  const lines = text
    .split("\n")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const transactions: Transaction[] = [];
  const last: Read[] = [];
  for (const each of lines) {
    const found = line.exec(each);
    if (found === null) throw new Error(`not a line of a history: ${each}`);
    const [, id, words = "", start, end, isLast, body = ""] = found;
    const startedAt = Number(start ?? 0);
    const statements = body
      .split(";")
      .filter((part) => part.trim() !== "")
      .map((part) => statementOf(part, startedAt));
    if (isLast !== undefined) last.push(...statements.flatMap((one) => (one.kind === "read" ? one.reads : [])));
    else transactions.push(transactionOf(Number(id), words.trim().split(" "), statements, startedAt, end));
  }
  return { kind, transactions, shardOf: (key) => Math.floor(key / 10), finally: last };
}

function transactionOf(
  id: number,
  words: readonly string[],
  statements: readonly Statement[],
  startedAt: number,
  end: string | undefined,
): Transaction {
  const level = words.flatMap((word) => levels[word] ?? []).at(0) ?? "read committed";
  const outcome = words.find((word) => word === "aborted" || word === "unknown") ?? "committed";
  const endedAt = end === undefined ? undefined : Number(end);
  return { id, session: id, level, outcome: outcome as Transaction["outcome"], startedAt, endedAt, statements };
}

function statementOf(text: string, startedAt: number): Statement {
  const [reads, writes]: [Read[], Write[]] = [[], []];
  for (const [, letter, digit, seen, appended, replaced, value] of text.matchAll(item)) {
    const key: Key = letter!.charCodeAt(0) * 10 + Number(digit);
    if (seen !== undefined) reads.push({ key, seen: seen.split(" ").filter(Boolean).map(Number) });
    else if (appended !== undefined) writes.push({ key, value: Number(appended) });
    else writes.push({ key, value: Number(value), ...(replaced !== "?" && { replaced: Number(replaced) }) });
  }
  if (reads.length + writes.length === 0 || (reads.length > 0 && writes.length > 0))
    throw new Error(`not a statement of a history: ${text}`);
  return reads.length > 0 ? { kind: "read", startedAt, reads } : { kind: "write", startedAt, writes };
}
