// Keeps a program running: starts it, says when it is ready, starts it again when it has ended by itself, and stops it.
import { AppError } from "../base/app-error.ts";
import { backoff } from "../base/backoff.ts";
import { delayUnlessAborted } from "../base/delay.ts";
import type { Program } from "./program.ts";

export interface StartedProgram<Ready> {
  readonly program: Program;
  /** Rejects with AppError when the program ends before it is ready. */
  readonly ready: Promise<Ready>;
}

export interface KeepRunningOptions<Ready> {
  start(): Promise<StartedProgram<Ready>>;
  /** The program has ended by itself, and is going to be started again. */
  onCrash(how: string): void;
  /** What makes it stop at once, after SIGTERM has asked it to. */
  readonly hurrySignal: "SIGQUIT" | "SIGKILL";
  /** After this long it is killed. */
  readonly stopLimitMs: number;
}

export interface KeptProgram<Ready> {
  /** Of the first start. Rejects when that fails, and then nothing runs. */
  readonly ready: Promise<Ready>;
  /** Resolves when it has ended. */
  stop(hurry: AbortSignal): Promise<void>;
}

/** One that has run this long is started again at once when it ends. */
const stableAfterMs = 10_000;

export function keepRunning<Ready>(options: KeepRunningOptions<Ready>): KeptProgram<Ready> {
  const stopping = new AbortController();
  const first = options.start();
  let current: Promise<StartedProgram<Ready>> = first;
  const ready = first.then(async (started) => {
    const value = await started.ready;
    void watch(started);
    return value;
  });
  // Whoever awaits `ready` hears of it; nobody has to.
  ready.catch(() => {});

  /** The background loop: ends when asked to stop. */
  async function watch(started: StartedProgram<Ready>): Promise<void> {
    const pause = backoff({ firstMs: 100 });
    let how = await timed(started.program.exited);
    while (!stopping.signal.aborted) {
      if (how.ranMs > stableAfterMs) pause.reset();
      options.onCrash(how.text);
      await delayUnlessAborted(pause.next(), stopping.signal);
      if (stopping.signal.aborted) return;
      current = options.start();
      const again = await current.catch((error: unknown) => String(error));
      if (typeof again === "string") {
        how = { text: again, ranMs: 0 };
        continue;
      }
      how = await timed(again.program.exited);
    }
  }

  return {
    ready,
    async stop(hurry) {
      stopping.abort(new AppError("stopped", "stopping"));
      const started = await current.catch(() => undefined);
      if (started) await end(started.program, options, hurry);
    },
  };
}

async function timed(exited: Promise<string>): Promise<{ text: string; ranMs: number }> {
  const startedAt = performance.now();
  const text = await exited;
  return { text, ranMs: performance.now() - startedAt };
}

async function end<Ready>(
  program: Program,
  { hurrySignal, stopLimitMs }: KeepRunningOptions<Ready>,
  hurry: AbortSignal,
): Promise<void> {
  program.kill("SIGTERM");
  const hasten = () => program.kill(hurrySignal);
  if (hurry.aborted) hasten();
  hurry.addEventListener("abort", hasten);
  const limit = setTimeout(() => program.kill("SIGKILL"), stopLimitMs);
  await program.exited;
  clearTimeout(limit);
  hurry.removeEventListener("abort", hasten);
}
