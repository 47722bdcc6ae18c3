// The controller's loops: they go on after a failure, and end when they are told to.
import { expect, test } from "vitest";
import { repeat } from "../../../src/controller/repeat.ts";

test("work is done again and again, also after it has failed, until an abort", async () => {
  const stopping = new AbortController();
  const failures: unknown[] = [];
  let runs = 0;
  const work = async () => {
    runs++;
    if (runs === 2) throw new Error("no answer");
    if (runs === 4) stopping.abort();
  };
  await repeat(work, { everyMs: 1, signal: stopping.signal, onFailure: (error) => failures.push(error) });
  expect(runs).toBe(4);
  expect(failures).toEqual([new Error("no answer")]);
});

test("an abort waits for the work that is being done, and its failure is of no interest then", async () => {
  const stopping = new AbortController();
  const failures: unknown[] = [];
  const begun = Promise.withResolvers<void>();
  const working = Promise.withResolvers<void>();
  let isOver = false;
  const work = () => {
    begun.resolve();
    return working.promise;
  };
  const onFailure = (error: unknown) => failures.push(error);
  const loop = repeat(work, { everyMs: 1, signal: stopping.signal, onFailure }).then(() => {
    isOver = true;
  });
  await begun.promise;
  stopping.abort();
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  working.reject(new Error("cut off"));
  await loop;
  expect(failures).toEqual([]);
});

test("nothing is begun after an abort", async () => {
  let runs = 0;
  const work = async () => {
    runs++;
  };
  await repeat(work, { everyMs: 1, signal: AbortSignal.abort(), onFailure: () => {} });
  expect(runs).toBe(0);
});
