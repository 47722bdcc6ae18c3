// Good histories without a database: several sessions, step by step in random order, on versions that are all kept. READ
// COMMITTED and REPEATABLE READ as PostgreSQL has them (row locks, first updater wins); some transactions are rolled
// back, and some clients never hear how theirs ended.
import type { Random } from "../../support/random.ts";
import type { History, Key, Read, Statement, Transaction, Value, Write } from "./history.ts";

export interface SimulationOptions {
  readonly kind: History["kind"];
  readonly transactions: number;
  readonly sessions: number;
  readonly keys: readonly Key[];
  readonly shardOf: (key: Key) => number;
}

interface Version {
  readonly value: Value;
  readonly committedAt: number;
}

interface Open {
  readonly id: number;
  readonly session: number;
  readonly level: Transaction["level"];
  readonly startedAt: number;
  readonly end: "commit" | "rollback" | "lost commit" | "lost rollback";
  left: number;
  snapshotAt: number | undefined;
  readonly own: Map<Key, Value[]>;
  readonly statements: Statement[];
}

export function simulatedHistory(options: SimulationOptions, random: Random): History {
  const { kind, keys, shardOf } = options;
  const versions = new Map<Key, Version[]>(keys.map((key) => [key, []]));
  const open: Open[] = [];
  const transactions: Transaction[] = [];
  let [now, begun, values] = [0, 0, 0];

  const begin = (session: number): Open => {
    const end = random.pick([
      "commit",
      "commit",
      "commit",
      "commit",
      "rollback",
      "lost commit",
      "lost rollback",
    ] as const);
    const level = random.pick(["read committed", "repeatable read"] as const);
    const state = { left: 1 + random.below(4), snapshotAt: undefined, own: new Map(), statements: [] };
    return { id: ++begun, session, level, startedAt: now, end, ...state };
  };
  const snapshotAt = (each: Open): number => {
    if (each.level === "read committed") return now;
    each.snapshotAt ??= now;
    return each.snapshotAt;
  };
  const seenBy = (reader: Open, key: Key): Value[] => {
    const at = snapshotAt(reader);
    const committed = versions.get(key)!.filter(({ committedAt }) => committedAt <= at);
    const all = [...committed.map(({ value }) => value), ...(reader.own.get(key) ?? [])];
    return kind === "lists" ? all : all.slice(-1);
  };
  const read = (reader: Open): Statement => {
    const chosen = new Set([random.pick(keys), random.pick(keys), random.pick(keys)]);
    const reads: Read[] = [...chosen].map((key) => ({ key, seen: seenBy(reader, key) }));
    return { kind: "read", startedAt: now, reads };
  };
  /** undefined: it must wait for a lock. "outdated": 40001. */
  const write = (writer: Open): Statement | "outdated" | undefined => {
    const chosen = [...new Set([random.pick(keys), random.pick(keys)])];
    if (open.some((other) => other !== writer && chosen.some((key) => other.own.has(key)))) return undefined;
    const at = snapshotAt(writer);
    if (chosen.some((key) => versions.get(key)!.some(({ committedAt }) => committedAt > at))) return "outdated";
    const writes = chosen.map((key): Write => {
      const replaced = writer.own.get(key)?.at(-1) ?? versions.get(key)!.at(-1)?.value ?? 0;
      const value = ++values;
      writer.own.set(key, [...(writer.own.get(key) ?? []), value]);
      return kind === "lists" ? { key, value } : { key, value, replaced };
    });
    return { kind: "write", startedAt: now, writes };
  };
  const end = (ended: Open, how: Open["end"]) => {
    if (how === "commit" || how === "lost commit") {
      for (const [key, own] of ended.own) versions.get(key)!.push(...own.map((value) => ({ value, committedAt: now })));
    }
    open.splice(open.indexOf(ended), 1);
    const { id, session, level, startedAt, statements } = ended;
    const outcome = how === "commit" ? "committed" : how === "rollback" ? "aborted" : "unknown";
    const endedAt = outcome === "unknown" ? undefined : ++now;
    transactions.push({ id, session, level, outcome, startedAt, endedAt, statements });
  };

  while (begun < options.transactions || open.length > 0) {
    now++;
    const session = random.below(options.sessions);
    const current = open.find((each) => each.session === session);
    if (current === undefined) {
      if (begun < options.transactions) open.push(begin(session));
    } else if (current.left === 0) {
      end(current, current.end);
    } else {
      const statement = random.below(2) === 0 ? read(current) : write(current);
      if (statement === "outdated") end(current, "rollback");
      // Whoever has waited for long gives up: it may be a deadlock.
      else if (statement === undefined && random.below(10) === 0) end(current, "rollback");
      else if (statement !== undefined) {
        current.statements.push(statement);
        current.left--;
      }
    }
  }
  const last = keys.map((key): Read => {
    const all = versions.get(key)!.map(({ value }) => value);
    return { key, seen: kind === "lists" ? all : all.slice(-1) };
  });
  return { kind, transactions, shardOf, finally: last };
}
