// Work that clients do again and again while something happens.

import { eventually } from "./eventually.ts";

export interface Doing {
  /** Resolves when so many more rounds have ended, or when one has failed. */
  more(rounds: number): Promise<void>;
  /** Resolves when the last round has ended. Rejects with what a round rejects with, which ends it. */
  stop(): Promise<Done>;
}

export interface Done {
  readonly rounds: number;
  readonly longestMs: number;
}

export function keepDoing(round: () => Promise<unknown>): Doing {
  let isStopping = false;
  let rounds = 0;
  let hasFailed = false;
  const run = async () => {
    let longestMs = 0;
    for (; !isStopping; rounds++) {
      const began = performance.now();
      await round();
      longestMs = Math.max(longestMs, performance.now() - began);
    }
    return { rounds, longestMs };
  };
  const running = run();
  // It is told by `stop`.
  running.catch(() => {
    hasFailed = true;
  });
  return {
    async more(count) {
      const wanted = rounds + count;
      await eventually(() => rounds >= wanted || hasFailed);
    },
    stop() {
      isStopping = true;
      return running;
    },
  };
}
