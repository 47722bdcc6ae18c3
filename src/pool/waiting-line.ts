// Those who wait for a connection to one shard, in order. Each gives up when none has become free for it in time, or, while
// the shard has no primary, when its hold timeout is over; then only the latter counts.
import type { AcquireOptions, Traveller } from "./pool.ts";
import type { PooledConnection } from "./pooled-connection.ts";

export interface Waiter {
  readonly traveller: Traveller;
  readonly options: AcquireOptions;
  readonly holdMs: number;
  /** Times as of Date.now(). */
  deadline: number;
  /** undefined while there is a primary. */
  holdEnd: number | undefined;
  use(pooled: PooledConnection): void;
  fail(error: unknown): void;
}

export class WaitingLine {
  readonly #waitTimeoutMs: number;
  readonly #heldTooLong: (waiter: Waiter) => Error;
  #waiters: Waiter[] = [];
  /** Those of them who hold connections to other shards. */
  readonly #holders = new Set<Waiter>();
  #isHeld = false;
  #timer: NodeJS.Timeout | undefined;
  #ringsAt = Number.POSITIVE_INFINITY;

  /** `heldTooLong`: what a waiter is told when its hold timeout is over. */
  constructor(waitTimeoutMs: number, heldTooLong: (waiter: Waiter) => Error) {
    this.#waitTimeoutMs = waitTimeoutMs;
    this.#heldTooLong = heldTooLong;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** `among`: the others are not even looked at, however many they are. */
  find(among: "all" | "holders", matches: (waiter: Waiter) => boolean): Waiter | undefined {
    for (const waiter of among === "all" ? this.#waiters : this.#holders) if (matches(waiter)) return waiter;
    return undefined;
  }

  /** Resolves with what `use` is called with. `stands`: called when it stands in the line. */
  wait(
    traveller: Traveller,
    options: AcquireOptions,
    holdMs: number,
    stands: (waiter: Waiter) => void,
  ): Promise<PooledConnection> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const giveUp = () => this.fail(waiter, signal?.reason);
      // The signal may be that of a long session: nothing of this wait stays with it.
      const ended = () => signal?.removeEventListener("abort", giveUp);
      const waiter: Waiter = {
        traveller,
        options,
        holdMs,
        deadline: Date.now() + this.#waitTimeoutMs,
        holdEnd: undefined,
        use(pooled) {
          ended();
          resolve(pooled);
        },
        fail(error) {
          ended();
          reject(error);
        },
      };
      this.#waiters.push(waiter);
      if (options.holdsOthers === true) this.#holders.add(waiter);
      signal?.addEventListener("abort", giveUp, { once: true });
      stands(waiter);
    });
  }

  has(matches: (waiter: Waiter) => boolean): boolean {
    return this.#waiters.some(matches);
  }

  /** The first that matches leaves the line; its caller has to `use` or `fail` it. */
  leave(matches: (waiter: Waiter) => boolean): Waiter | undefined {
    const at = this.#waiters.findIndex(matches);
    if (at < 0) return undefined;
    const [waiter] = this.#waiters.splice(at, 1);
    this.#holders.delete(waiter!);
    return waiter;
  }

  /** Nothing happens when it does not wait any more. */
  fail(waiter: Waiter, error: unknown): void {
    this.leave((each) => each === waiter)?.fail(error);
  }

  /** There is nothing to be had at present. `waitsAnyway`: for how an attempt ends that is under way. */
  hold(waitsAnyway: (waiter: Waiter) => boolean): void {
    this.#isHeld = true;
    for (const waiter of [...this.#waiters]) if (!waitsAnyway(waiter)) this.holdOne(waiter);
  }

  holdOne(waiter: Waiter): void {
    this.#isHeld = true;
    waiter.holdEnd ??= (waiter.options.heldSince ?? Date.now()) + waiter.holdMs;
    if (waiter.holdEnd > Date.now()) this.#ringAt(waiter.holdEnd);
    else this.fail(waiter, this.#heldTooLong(waiter));
  }

  /** There is a primary again. `hasNew`: and a connection to it; from here on they wait for that alone. */
  release(hasNew: boolean): void {
    this.#isHeld = false;
    if (!hasNew) return;
    for (const waiter of this.#waiters) {
      waiter.holdEnd = undefined;
      waiter.deadline = Date.now() + this.#waitTimeoutMs;
    }
  }

  /** Ends the waiting of those for whom nothing has become free in time. */
  endWaits(reason: () => Error): void {
    const now = Date.now();
    if (this.#isHeld) return;
    for (const waiter of [...this.#waiters]) if (waiter.deadline <= now) this.fail(waiter, reason());
  }

  close(reason: Error): void {
    clearTimeout(this.#timer);
    this.#holders.clear();
    for (const waiter of this.#waiters.splice(0)) waiter.fail(reason);
  }

  /** One timer for all: it rings at the earliest end. */
  #ringAt(time: number): void {
    if (time >= this.#ringsAt) return;
    clearTimeout(this.#timer);
    this.#ringsAt = time;
    this.#timer = setTimeout(() => this.#ring(), Math.max(1, time - Date.now())).unref();
  }

  #ring(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
    if (!this.#isHeld) return;
    for (const waiter of [...this.#waiters]) if (waiter.holdEnd !== undefined) this.holdOne(waiter);
  }
}
