// From the shard key of one row of COPY data to the shard that gets the row.
import type { CopyInPlan } from "../planner/plan.ts";
import { refuse } from "../planner/refuse.ts";
import { KeyHasher, type ValueFormat } from "../sharding/key-hasher.ts";
import { nullShardKey } from "./null-shard-key.ts";
import { isSurelyInvalid } from "./surely-invalid.ts";

const shownBytesMax = 100;

/** `begin`, `add` per component in the order of the shard key, `shard`. */
export class KeyRouter {
  /** Columns of the shard key among the fields of a row. */
  readonly columns: readonly number[];
  #plan: CopyInPlan;
  #format: ValueFormat;
  #shardOfBucket: Uint16Array;
  #hasher = new KeyHasher();
  #isInvalid = false;
  #last = 0;

  /** `shardOfBucket`: the shards are counted from 0. */
  constructor(plan: CopyInPlan, shardOfBucket: Uint16Array) {
    this.#plan = plan;
    this.columns = plan.keyColumns;
    this.#format = plan.format.kind === "binary" ? 1 : 0;
    this.#shardOfBucket = shardOfBucket;
  }

  begin(): void {
    this.#hasher.start();
    this.#isInvalid = false;
  }

  /** The value of component `index`, without escapes. Throws a refusal when only PostgreSQL could tell what it means. */
  add(index: number, bytes: Buffer, start: number, end: number): void {
    const type = this.#plan.types[index]!;
    if (this.#hasher.addBytes(type, this.#format, bytes, start, end)) return;
    if (!isSurelyInvalid(type, this.#format, bytes, start, end)) {
      throw refuse("SG150", `"${bytes.toString("utf8", start, Math.min(end, start + shownBytesMax))}"`);
    }
    this.#isInvalid = true;
  }

  /** Throws: a row without a shard key. */
  addNull(): never {
    throw nullShardKey(this.#plan.stored);
  }

  shard(): number {
    if (this.#isInvalid) return this.#last;
    this.#last = this.#shardOfBucket[this.#hasher.bucket()]!;
    return this.#last;
  }

  /** For what PostgreSQL is going to refuse: the shard that got the last row. */
  any(): number {
    return this.#last;
  }
}
