// Work that clients do again and again while something happens.

export interface Doing {
  /** Resolves when the last round has ended. Rejects with what a round rejects with, which ends it. */
  stop(): Promise<Done>;
}

export interface Done {
  readonly rounds: number;
  readonly longestMs: number;
}

export function keepDoing(round: () => Promise<unknown>): Doing {
  let isStopping = false;
  const run = async () => {
    let [rounds, longestMs] = [0, 0];
    for (; !isStopping; rounds++) {
      const began = performance.now();
      await round();
      longestMs = Math.max(longestMs, performance.now() - began);
    }
    return { rounds, longestMs };
  };
  const running = run();
  // It is told by `stop`.
  running.catch(() => {});
  return {
    stop() {
      isStopping = true;
      return running;
    },
  };
}
