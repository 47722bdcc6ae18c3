// How long a reader waits for commits that are half done: it looks again at once, then at growing intervals, then helps
// (whoever has the keeper say that a transaction is committed may commit the parts that are still prepared), and gives up
// with 40001.
import { backoff } from "../base/backoff.ts";
import { delay } from "../base/delay.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { furthest, type Missing, type Observation } from "./visible-commits.ts";

/** Ends a transaction whose commit was seen on one shard, on another where it is still prepared. */
export type HelpCommit = (shard: ShardName, commit: Missing) => void;

const triesAtOnce = 3;
const helpAfterMs = 300;
const giveUpAfterMs = 10_000;

export class Patience {
  /**
   * By origin: up to which number all are known to be finished everywhere. Whoever takes a snapshot from now on sees them,
   * whatever the shard itself has been told.
   */
  closed: ReadonlyMap<string, number> = new Map();
  readonly #help: HelpCommit;
  readonly #signal: AbortSignal | undefined;
  #startedAt = performance.now();
  #pause = backoff({ firstMs: 1, maxMs: 50 });
  #tries = 0;
  #helped = new Set<string>();

  /** `signal`: ends the waiting, with its reason. */
  constructor(help: HelpCommit, signal?: AbortSignal) {
    this.#help = help;
    this.#signal = signal;
  }

  /** Resolves when it is time to look again. */
  async wait(missing: readonly Missing[]): Promise<void> {
    this.#signal?.throwIfAborted();
    const waitedMs = performance.now() - this.#startedAt;
    if (waitedMs > giveUpAfterMs) throw halfDone(missing[0]!);
    if (waitedMs > helpAfterMs) for (const each of missing) this.#helpOnce(each);
    if (++this.#tries > triesAtOnce) await delay(this.#pause.next());
  }

  /** Takes note of what has been seen: the next look knows more. */
  learn(observations: readonly Observation[]): void {
    const closed = new Map(this.closed);
    for (const [origin, number] of furthest(observations, "closed")) {
      closed.set(origin, Math.max(closed.get(origin) ?? 0, number));
    }
    this.closed = closed;
  }

  #helpOnce(missing: Missing): void {
    const key = `${missing.shard} ${missing.origin} ${missing.number}`;
    if (missing.participants.length === 0 || this.#helped.has(key)) return;
    this.#helped.add(key);
    this.#help(missing.shard, missing);
  }
}

/** 40001: what was read cannot be put together, and cannot be read again. */
export function halfDone({ shard, origin, number }: Missing): SqlError {
  return new SqlError({
    code: "40001",
    message: "could not serialize access: the shards do not show the same transactions",
    detail: `Transaction ${number} of ${origin} is committed, but not visible on shard "${shard}".`,
    hint: "Run the transaction again; SHOW shardgres.transactions tells what is not finished.",
  });
}
