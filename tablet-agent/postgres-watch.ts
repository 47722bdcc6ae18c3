// Asks PostgreSQL again and again how it is, in the background, so that a frozen one holds up nobody who decides.
import { delayUnlessAborted } from "../src/base/delay.ts";
import type { Observation, PostgresServer } from "./postgres/server.ts";

export interface PostgresWatch {
  /** The last answer of the PostgreSQL that runs now; undefined: it has not answered yet. */
  last(): (Observation & { readonly atMs: number }) | undefined;
  /** Since when a question waits for its answer; undefined: the last one was answered, or it does not run. */
  silentSinceMs(): number | undefined;
  /** The agent itself has been asleep: what it has not heard meanwhile says nothing. */
  slept(): void;
  /** Asks at once. Resolves after its answer, or when it does not give one in time. */
  refresh(): Promise<void>;
  /** Resolves after the signal is aborted. */
  readonly ended: Promise<void>;
}

export interface PostgresWatchOptions {
  readonly server: PostgresServer;
  readonly now: () => number;
  /** How long until it is asked again. */
  readonly pauseMs: () => number;
  /** After every answer. */
  readonly onAnswer: () => void;
  readonly signal: AbortSignal;
}

/** One that works answers in a few milliseconds. */
const answerLimitMs = 1_000;

export function watchPostgres(options: PostgresWatchOptions): PostgresWatch {
  const { server, now, pauseMs, onAnswer, signal } = options;
  let last: (Observation & { readonly atMs: number }) | undefined;
  /** Of the process that `last` and `silentSinceMs` are about. */
  let pid: number | undefined;
  let silentSinceMs: number | undefined;
  let asking: Promise<void> | undefined;

  const noticeProcess = () => {
    const { process } = server;
    const running = process.kind === "running" ? process.pid : undefined;
    if (running === pid) return;
    pid = running;
    last = undefined;
    silentSinceMs = undefined;
  };

  const ask = async () => {
    noticeProcess();
    const asked = pid;
    if (asked === undefined) return;
    const atMs = now();
    silentSinceMs ??= atMs;
    try {
      const observation = await server.observe(AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]));
      noticeProcess();
      if (pid !== asked) return;
      last = { ...observation, atMs };
      silentSinceMs = undefined;
    } catch {
      // That is what `silentSinceMs` tells.
    }
  };

  const refresh = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
      onAnswer();
    });
    return asking;
  };

  const repeat = async () => {
    while (!signal.aborted) {
      await refresh();
      await delayUnlessAborted(pauseMs(), signal);
    }
  };

  return {
    last() {
      noticeProcess();
      return last;
    },
    silentSinceMs() {
      noticeProcess();
      return silentSinceMs;
    },
    slept() {
      if (silentSinceMs !== undefined) silentSinceMs = now();
    },
    refresh,
    ended: repeat(),
  };
}
