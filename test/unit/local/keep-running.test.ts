// Keeping a program running, with programs that do what the test says.
import { expect, test } from "vitest";
import { keepRunning, type StartedProgram } from "../../../src/local/keep-running.ts";

/** Programs that the test ends by hand; `starts` counts them. */
function scene() {
  const programs: { signals: string[]; end: (how: string) => void; ready: (value: number) => void }[] = [];
  let startNext = Promise.withResolvers<void>();
  const crashes: string[] = [];
  const kept = keepRunning<number>({
    async start(): Promise<StartedProgram<number>> {
      const exited = Promise.withResolvers<string>();
      const ready = Promise.withResolvers<number>();
      const signals: string[] = [];
      programs.push({ signals, end: exited.resolve, ready: ready.resolve });
      startNext.resolve();
      startNext = Promise.withResolvers();
      exited.promise.then((how) => ready.reject(new Error(how)));
      ready.promise.catch(() => {});
      return {
        program: { pid: 1, exited: exited.promise, kill: (signal) => signals.push(signal) },
        ready: ready.promise,
      };
    },
    onCrash: (how) => crashes.push(how),
    hurrySignal: "SIGQUIT",
    stopLimitMs: 60_000,
  });
  return { programs, crashes, kept, nextStart: () => startNext.promise };
}

test("one that ends by itself is started again", async () => {
  const { programs, crashes, kept, nextStart } = scene();
  programs[0]!.ready(5);
  expect(await kept.ready).toBe(5);
  for (const how of ["exit code 1", "signal SIGKILL"]) {
    const started = nextStart();
    programs.at(-1)!.end(how);
    await started;
  }
  expect(crashes).toEqual(["exit code 1", "signal SIGKILL"]);
  expect(programs).toHaveLength(3);
});

test("one that does not start the first time is not started again", async () => {
  const { programs, crashes, kept } = scene();
  programs[0]!.end("exit code 1");
  await expect(kept.ready).rejects.toThrow("exit code 1");
  expect(crashes).toEqual([]);
  expect(programs).toHaveLength(1);
});

test("stop asks it to end, hurries it when told to, and waits for it", async () => {
  const { programs, crashes, kept } = scene();
  programs[0]!.ready(5);
  await kept.ready;
  const hurry = new AbortController();
  const stopped = kept.stop(hurry.signal);
  await Promise.resolve();
  hurry.abort();
  // Whether before or after SIGTERM: it has been told to hurry.
  await new Promise(setImmediate);
  expect(programs[0]!.signals).toEqual(["SIGTERM", "SIGQUIT"]);
  programs[0]!.end("exit code 0");
  await stopped;
  expect(crashes).toEqual([]);
  expect(programs).toHaveLength(1);
});

test("stop while it waits to be started again starts nothing more", async () => {
  const { programs, crashes, kept } = scene();
  programs[0]!.ready(5);
  await kept.ready;
  programs[0]!.end("exit code 1");
  await new Promise(setImmediate);
  expect(crashes).toEqual(["exit code 1"]);
  await kept.stop(new AbortController().signal);
  expect(programs).toHaveLength(1);
});
