// Which shard has which cursor of a session. Cursors end with their transaction, but for those WITH HOLD that it commits.
import type { ShardName } from "../src/topology/snapshot.ts";

export class Cursors {
  readonly #ofTransaction = new Map<string, { readonly shard: ShardName; readonly isHeld: boolean }>();
  readonly #held = new Map<string, ShardName>();

  add(name: string, shard: ShardName, isHeld: boolean): void {
    this.#ofTransaction.set(name, { shard, isHeld });
  }

  shardOf(name: string): ShardName | undefined {
    return this.#ofTransaction.get(name)?.shard ?? this.#held.get(name);
  }

  delete(name: string): void {
    this.#ofTransaction.delete(name);
    this.#held.delete(name);
  }

  /** Shards that have any. */
  shards(): ReadonlySet<ShardName> {
    return new Set([...[...this.#ofTransaction.values()].map(({ shard }) => shard), ...this.#held.values()]);
  }

  clear(): void {
    this.#ofTransaction.clear();
    this.#held.clear();
  }

  transactionEnded(isCommitted: boolean): void {
    for (const [name, { shard, isHeld }] of this.#ofTransaction) if (isCommitted && isHeld) this.#held.set(name, shard);
    this.#ofTransaction.clear();
  }
}
