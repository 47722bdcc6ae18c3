// What is being done to PostgreSQL: one thing at a time, in the background, because starting and cloning take long and the
// agent has to renew its lease, answer and decide meanwhile. What is urgent breaks off what is being done.
import { backoff } from "../src/base/backoff.ts";
import type { Log } from "../src/base/log.ts";

export type Action = (signal: AbortSignal) => Promise<void>;

export interface PostgresActions {
  /** What is being done, as it was called; undefined: nothing. */
  readonly running: string | undefined;
  /** Since when; undefined: nothing is being done. */
  readonly sinceMs: number | undefined;
  /** Begins it, unless something is being done, or it has just failed. An error is logged. */
  begin(name: string, action: Action): void;
  /** Breaks off what is being done, waits for its end (if need be, it is brought about), then does this. */
  urgently<T>(name: string, action: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves when nothing is being done. */
  settled(): Promise<void>;
}

export interface PostgresActionsOptions {
  readonly now: () => number;
  /** Something has ended, well or not. */
  readonly onEnd: () => void;
  /** What was broken off does not end: PostgreSQL is frozen, or the disk is. Makes it end. */
  readonly onStuck: (name: string) => void;
  readonly log: Log;
}

const stuckAfterMs = 2_000;

export function postgresActions({ now, onEnd, onStuck, log }: PostgresActionsOptions): PostgresActions {
  let running: { readonly name: string; readonly sinceMs: number; readonly abort: AbortController } | undefined;
  /** Resolves when all that has been asked for until now has ended. */
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let failed: { readonly name: string; readonly untilMs: number } | undefined;
  const pause = backoff({ firstMs: 100 });

  const run = async <T>(name: string, action: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const abort = new AbortController();
    running = { name, sinceMs: now(), abort };
    try {
      return await action(abort.signal);
    } finally {
      running = undefined;
      onEnd();
    }
  };

  return {
    get running() {
      return running?.name;
    },
    get sinceMs() {
      return running?.sinceMs;
    },

    begin(name, action) {
      if (running || waiting > 0 || (failed?.name === name && now() < failed.untilMs)) return;
      if (failed?.name !== name) pause.reset();
      last = run(name, async (signal) => {
        try {
          await action(signal);
          failed = undefined;
        } catch (error) {
          if (signal.aborted) return;
          failed = { name, untilMs: now() + pause.next() };
          log.warn({ err: error, action: name }, "what was decided could not be done");
        }
      });
    },

    async urgently(name, action) {
      waiting++;
      const before = running;
      before?.abort.abort();
      const stuck = setTimeout(() => before && onStuck(before.name), stuckAfterMs);
      const mine = last.then(() => {
        clearTimeout(stuck);
        waiting--;
        return run(name, action);
      });
      last = mine.then(
        () => {},
        () => {},
      );
      return await mine;
    },

    async settled() {
      await last;
    },
  };
}
