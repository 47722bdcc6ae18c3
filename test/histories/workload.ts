// What the clients of a history do: transactions of one to four statements, each over one to three keys, on keys that many
// others use at the same time. Most transactions take their locks in one order, or else they would do little but wait for
// each other. A key that has been written to often makes room for a new one, so that lists stay short.
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

/** All shards together. */
const activeKeys = 15;
const writesPerKeyMax = 25;

export class Workload {
  readonly #levels: readonly Level[];
  /** By shard: keys that are in use, and those that are still to come. */
  readonly #active: Key[][];
  readonly #waiting: Key[][];
  readonly #writes = new Map<Key, number>();

  /** `keys`: of each shard that takes part. */
  constructor(levels: readonly Level[], keys: readonly (readonly Key[])[]) {
    this.#levels = levels;
    const activePerShard = activeKeys / keys.length;
    this.#active = keys.map((each) => each.slice(0, activePerShard));
    this.#waiting = keys.map((each) => each.slice(activePerShard));
  }

  next(random: Random): PlannedTransaction {
    const level = random.pick(this.#levels);
    const isBlock = level !== "read committed" || random.below(2) === 0;
    const statements = Array.from({ length: isBlock ? 1 + random.below(4) : 1 }, () => this.#statement(random));
    return { level, isBlock, statements: random.below(20) === 0 ? statements : withLocksInOrder(statements) };
  }

  #statement(random: Random): PlannedStatement {
    const kind = random.pick(["read", "write"] as const);
    const count = kind === "read" ? 1 + random.below(3) : random.pick([1, 1, 2, 2, 3]);
    const keys = new Set(Array.from({ length: count }, () => this.#key(random)));
    if (kind === "write") for (const key of keys) this.#writes.set(key, (this.#writes.get(key) ?? 0) + 1);
    return { kind, keys: [...keys] };
  }

  #key(random: Random): Key {
    const shard = random.below(this.#active.length);
    const active = this.#active[shard]!;
    const at = random.below(active.length);
    if ((this.#writes.get(active[at]!) ?? 0) >= writesPerKeyMax)
      active[at] = this.#waiting[shard]!.pop() ?? active[at]!;
    return active[at]!;
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
