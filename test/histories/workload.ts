// What the clients of a history do: transactions of one to four statements, on keys that many others use at the same time.
// Keys come in groups of one per shard, and a statement keeps to one group: so readers and writers of several keys meet
// where something can go wrong, and transactions tie the groups together. Most transactions take their locks in one order,
// or else they would do little but wait for each other. A key that has been written to often makes room for a new one, so
// that lists stay short.
import type { Random } from "../support/random.ts";
import type { Key, Level } from "./checker/history.ts";

export interface PlannedStatement {
  readonly kind: "read" | "write";
  readonly keys: readonly Key[];
}

export interface PlannedTransaction {
  readonly level: Level;
  /** Between BEGIN and COMMIT; otherwise it is one statement by itself, at READ COMMITTED. */
  readonly isBlock: boolean;
  readonly statements: readonly PlannedStatement[];
}

const groupCount = 5;
const groupSize = 3;
const writesPerKeyMax = 25;

export class Workload {
  readonly #levels: readonly Level[];
  readonly #groups: Key[][];
  /** By shard: keys that are still to come. */
  readonly #waiting: Key[][];
  readonly #writes = new Map<Key, number>();

  /** `keys`: of each shard that takes part. */
  constructor(levels: readonly Level[], keys: readonly (readonly Key[])[]) {
    this.#levels = levels;
    this.#waiting = keys.map((each) => [...each]);
    this.#groups = Array.from({ length: groupCount }, () =>
      Array.from({ length: groupSize }, (_, member) => this.#newKey(member)!),
    );
  }

  next(random: Random): PlannedTransaction {
    const level = random.pick(this.#levels);
    const isBlock = level !== "read committed" || random.below(2) === 0;
    const statements = Array.from({ length: isBlock ? 1 + random.below(4) : 1 }, () => this.#statement(random));
    return { level, isBlock, statements: random.below(20) === 0 ? statements : withLocksInOrder(statements) };
  }

  #statement(random: Random): PlannedStatement {
    const kind = random.pick(["read", "write"] as const);
    const group = random.pick(this.#groups);
    for (const [member, key] of group.entries()) {
      if ((this.#writes.get(key) ?? 0) >= writesPerKeyMax) group[member] = this.#newKey(member) ?? key;
    }
    const keys = [...group];
    const count = random.pick(kind === "read" ? [1, 2, 3, 3] : [1, 1, 2, 2, 3]);
    while (keys.length > count) keys.splice(random.below(keys.length), 1);
    if (kind === "write") for (const key of keys) this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
    return { kind, keys };
  }

  /** The members of a group lie on different shards as far as there are enough of them. */
  #newKey(member: number): Key | undefined {
    return this.#waiting[member % this.#waiting.length]!.pop();
  }
}

/** The same keys are written, the lower ones first. */
function withLocksInOrder(statements: readonly PlannedStatement[]): PlannedStatement[] {
  const written = statements.flatMap(({ kind, keys }) => (kind === "write" ? keys : [])).sort((a, b) => a - b);
  return statements.map(({ kind, keys }) => {
    if (kind === "read") return { kind, keys };
    return { kind, keys: [...new Set(written.splice(0, keys.length))] };
  });
}
