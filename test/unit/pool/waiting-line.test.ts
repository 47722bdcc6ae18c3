// Who waits for a connection, and for how long.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Traveller } from "../../../src/pool/pool.ts";
import { SessionSettings } from "../../../src/pool/session-settings.ts";
import { type Waiter, WaitingLine } from "../../../src/pool/waiting-line.ts";

const login = { database: "d", user: "u", secret: undefined };
const traveller: Traveller = { login, loginKey: "u", settings: SessionSettings.none };
const waitTimeoutMs = 30_000;
let line: WaitingLine;
/** What each waiter has been told, in order. */
let told: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  line = new WaitingLine(waitTimeoutMs, ({ holdMs }) => new Error(`held ${holdMs}`));
  told = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function wait(name: string, holdMs: number, options: { signal?: AbortSignal; heldSince?: number } = {}): Waiter {
  let stands: Waiter | undefined;
  line
    .wait(traveller, options, holdMs, (waiter) => {
      stands = waiter;
    })
    .then(
      () => told.push(`${name}: used`),
      (error: Error) => told.push(`${name}: ${error.message}`),
    );
  return stands!;
}

const all = () => line.hold(() => false);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const endWaits = () => line.endWaits(() => new Error("none free"));

test("while there is no primary each waits for its own hold timeout", async () => {
  wait("long", 500);
  wait("short", 100);
  wait("none", 0);
  all();
  await pass(0);
  expect(told).toEqual(["none: held 0"]);
  line.holdOne(wait("later", 200));
  await pass(99);
  expect(told).toHaveLength(1);
  await pass(1);
  expect(told).toEqual(["none: held 0", "short: held 100"]);
  await pass(400);
  expect(told.slice(2)).toEqual(["later: held 200", "long: held 500"]);
  expect(line.length).toBe(0);
});

test("a hold goes on through what is no connection yet, and is over when there is one", async () => {
  wait("a", 300);
  all();
  await pass(200);
  line.release(false);
  await pass(50);
  all();
  await pass(49);
  expect(told).toEqual([]);
  line.release(true);
  await pass(1_000);
  all();
  await pass(299);
  expect(told).toEqual([]);
  await pass(1);
  expect(told).toEqual(["a: held 300"]);
});

test("who has waited before has less time left", async () => {
  line.holdOne(wait("a", 300, { heldSince: Date.now() - 200 }));
  line.holdOne(wait("b", 300, { heldSince: Date.now() - 300 }));
  await pass(0);
  expect(told).toEqual(["b: held 300"]);
  await pass(100);
  expect(told).toEqual(["b: held 300", "a: held 300"]);
});

test("waiting for a free connection ends after a while, but not while there is no primary", async () => {
  wait("a", 100_000);
  all();
  await pass(waitTimeoutMs + 1);
  endWaits();
  line.release(true);
  await pass(waitTimeoutMs - 1);
  endWaits();
  await pass(0);
  expect(told).toEqual([]);
  await pass(1);
  endWaits();
  await pass(0);
  expect(told).toEqual(["a: none free"]);
});

test("who gives up leaves the line, and nothing stays with its signal", async () => {
  const giving = new AbortController();
  const remove = vi.spyOn(giving.signal, "removeEventListener");
  wait("a", 1_000, { signal: giving.signal });
  wait("b", 1_000);
  giving.abort(new Error("cancelled"));
  await pass(0);
  expect(told).toEqual(["a: cancelled"]);
  expect(line.length).toBe(1);
  expect(remove).toHaveBeenCalledTimes(1);
});

test("the first that matches leaves first", async () => {
  const [a, b] = [wait("a", 1), wait("b", 1)];
  expect(line.leave((waiter) => waiter === b)).toBe(b);
  expect(line.leave(() => true)).toBe(a);
  expect(line.leave(() => true)).toBeUndefined();
});

test("at the end all are told", async () => {
  wait("a", 1_000);
  wait("b", 0);
  line.close(new Error("shutting down"));
  await pass(0);
  expect(told).toEqual(["a: shutting down", "b: shutting down"]);
});
