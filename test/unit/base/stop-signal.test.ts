// A process that is asked to stop: once means stop, again means hurry, and npm's echo of Ctrl-C means nothing.
import { expect, onTestFinished, test } from "vitest";
import { onStopSignal } from "../../../src/base/stop-signal.ts";

test("the first request stops, a later one hurries, an echo of the first does neither", () => {
  const calls: string[] = [];
  let nowMs = 1000;
  const forget = onStopSignal(
    (signal) => calls.push(`stop ${signal}`),
    () => calls.push("hurry"),
    () => nowMs,
  );
  onTestFinished(forget);
  const ask = (ms: number) => {
    nowMs = ms;
    process.emit("SIGHUP", "SIGHUP");
    return calls;
  };
  expect(ask(1000)).toEqual(["stop SIGHUP"]);
  expect(ask(1003)).toEqual(["stop SIGHUP"]);
  expect(ask(2000)).toEqual(["stop SIGHUP", "hurry"]);
  forget();
  expect(process.listenerCount("SIGHUP")).toBe(0);
});
