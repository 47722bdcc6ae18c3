// What the controller sees on the shards: asked about once a second, each shard for itself, so that one that hangs keeps
// nobody from the others.
import { delay } from "../base/delay.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { type PreparedOnShard, preparedOnShard } from "../transaction/prepared-transactions.ts";

/** A shard that has not answered by then is left for the next look. */
const patienceMs = 1_000;

export interface ShardView {
  readonly isUp: boolean;
  /** As it was when the shard last answered; undefined: it never has. */
  readonly last: PreparedOnShard | undefined;
}

export interface ShardWatchOptions {
  readonly ask: AdminQuery;
  readonly shards: () => Iterable<ShardName>;
  /** A shard that answered until now does so no longer, or the other way round. */
  readonly onChange: (shard: ShardName, trouble: unknown) => void;
}

export class ShardWatch {
  #options: ShardWatchOptions;
  #views = new Map<ShardName, ShardView>();
  #looking = new Set<ShardName>();

  constructor(options: ShardWatchOptions) {
    this.#options = options;
  }

  get views(): ReadonlyMap<ShardName, ShardView> {
    return this.#views;
  }

  /** Resolves with the shards that have answered now. Never rejects. */
  async look(): Promise<readonly PreparedOnShard[]> {
    const shards = new Set(this.#options.shards());
    for (const gone of this.#views.keys()) if (!shards.has(gone)) this.#views.delete(gone);
    const answers: PreparedOnShard[] = [];
    const looks = [...shards]
      .filter((shard) => !this.#looking.has(shard))
      .map(async (shard) => {
        const answer = await this.#lookAt(shard);
        if (answer !== undefined) answers.push(answer);
      });
    const limit = new AbortController();
    const patience = delay(patienceMs, limit.signal).catch(() => {});
    await Promise.race([Promise.all(looks), patience]);
    limit.abort();
    return [...answers];
  }

  async #lookAt(shard: ShardName): Promise<PreparedOnShard | undefined> {
    this.#looking.add(shard);
    try {
      const answer = await preparedOnShard(this.#options.ask, shard);
      this.#note(shard, answer, undefined);
      return answer;
    } catch (error) {
      this.#note(shard, undefined, error);
      return undefined;
    } finally {
      this.#looking.delete(shard);
    }
  }

  #note(shard: ShardName, answer: PreparedOnShard | undefined, trouble: unknown): void {
    const before = this.#views.get(shard);
    const isUp = answer !== undefined;
    // The first answer goes without saying.
    if (before === undefined ? !isUp : before.isUp !== isUp) this.#options.onChange(shard, trouble);
    this.#views.set(shard, { isUp, last: answer ?? before?.last });
  }
}
