// What the clock of a session counts, and from when; by a timer that the test turns.
import { beforeEach, expect, test } from "vitest";
import { SessionClock, type Timer } from "../../../gateway/session-clock.ts";
import { noLimits } from "../../../gateway/time-limits.ts";
import type { SqlError } from "../../../src/pgwire/sql-error.ts";

class TurnedTimer implements Timer {
  time = 0;
  starts = 0;
  #rings: { readonly at: number; readonly ring: () => void } | undefined;

  now(): number {
    return this.time;
  }

  start(ms: number, ring: () => void): () => void {
    expect(this.#rings).toBeUndefined();
    this.starts++;
    this.#rings = { at: this.time + ms, ring };
    return () => {
      this.#rings = undefined;
    };
  }

  turn(ms: number): void {
    const end = this.time + ms;
    while (this.#rings !== undefined && this.#rings.at <= end) {
      const { at, ring } = this.#rings;
      this.#rings = undefined;
      this.time = at;
      ring();
    }
    this.time = end;
  }

  get isRunning(): boolean {
    return this.#rings !== undefined;
  }
}

let timer: TurnedTimer;
let clock: SessionClock;
let heard: string[];

beforeEach(() => {
  timer = new TurnedTimer();
  heard = [];
  const hear = ({ fields }: SqlError) => heard.push(`${fields.severity} ${fields.code} at ${timer.time}`);
  const session = {
    statementTimedOut: () => heard.push(`statement at ${timer.time}`),
    transactionTimedOut: hear,
    idleTimedOut: hear,
  };
  clock = new SessionClock(session, timer);
});

test("without limits there is no timer", () => {
  clock.transactionBegins();
  clock.statementBegins(false);
  clock.ready("open");
  expect(clock.isOn).toBe(false);
  expect(timer.starts).toBe(0);
});

test("an idle session ends, and a message in between begins anew", () => {
  clock.setLimits({ ...noLimits, idleSession: 100 }, false);
  clock.ready("idle");
  timer.turn(90);
  clock.messageComes();
  timer.turn(500);
  expect(heard).toEqual([]);
  clock.ready("idle");
  timer.turn(200);
  expect(heard).toEqual(["FATAL 57P05 at 690"]);
});

test("idle in a transaction is another limit, failed or not", () => {
  clock.setLimits({ ...noLimits, idleSession: 10, idleInTransaction: 100 }, false);
  clock.ready("open");
  timer.turn(50);
  clock.messageComes();
  clock.ready("failed");
  timer.turn(200);
  expect(heard).toEqual(["FATAL 25P03 at 150"]);
});

test("a transaction is counted from its beginning, busy or idle, to its end or its error", () => {
  clock.setLimits({ ...noLimits, transaction: 100 }, false);
  clock.transactionBegins();
  timer.turn(60);
  clock.statementBegins(true);
  clock.ready("idle");
  timer.turn(200);
  clock.transactionBegins();
  clock.ready("failed");
  timer.turn(200);
  expect(heard).toEqual([]);
  clock.transactionBegins();
  clock.ready("open");
  timer.turn(50);
  clock.messageComes();
  clock.statementBegins(true);
  timer.turn(200);
  expect(heard).toEqual(["FATAL 25P04 at 560"]);
});

test("an error ends the count of its transaction for good", () => {
  const limits = { ...noLimits, transaction: 100 };
  clock.setLimits(limits, false);
  clock.transactionBegins();
  clock.ready("failed");
  clock.setLimits(limits, true);
  clock.statementBegins(true);
  timer.turn(200);
  expect(heard).toEqual([]);
});

test("a statement without a transaction is one of its own", () => {
  clock.setLimits({ ...noLimits, transaction: 100 }, false);
  clock.statementBegins(false);
  timer.turn(200);
  expect(heard).toEqual(["FATAL 25P04 at 100"]);
});

test("a limit that is set within the transaction counts from then on; one that is changed keeps its end", () => {
  clock.transactionBegins();
  timer.turn(150);
  clock.setLimits({ ...noLimits, transaction: 100 }, true);
  timer.turn(10);
  clock.setLimits({ ...noLimits, transaction: 20 }, true);
  timer.turn(80);
  expect(heard).toEqual([]);
  timer.turn(20);
  expect(heard).toEqual(["FATAL 25P04 at 250"]);
});

test("one that is taken back within the transaction does not count", () => {
  clock.setLimits({ ...noLimits, transaction: 100 }, false);
  clock.transactionBegins();
  clock.setLimits(noLimits, true);
  timer.turn(500);
  expect(heard).toEqual([]);
});

test("a statement is counted to its end, or until its shard counts", () => {
  clock.setLimits({ ...noLimits, statement: 100 }, false);
  for (const end of [() => clock.ready("idle"), () => clock.statementSent(true)]) {
    clock.statementBegins(false);
    timer.turn(90);
    end();
    timer.turn(200);
  }
  expect(heard).toEqual([]);
  clock.statementBegins(false);
  timer.turn(200);
  expect(heard).toEqual(["statement at 680"]);
});

test("a statement of a transaction that is done again, and again, has no more time for it", () => {
  clock.setLimits({ ...noLimits, statement: 100 }, false);
  for (const begin of [() => clock.statementBegins(true), () => {}]) {
    begin();
    clock.statementSent(true);
    timer.turn(60);
    clock.statementGoesOn(true);
    timer.turn(20);
    clock.statementSent(true);
    timer.turn(10);
    clock.statementGoesOn(true);
    clock.statementSent(true);
    timer.turn(200);
    clock.ready("open");
  }
  expect(heard).toEqual(["statement at 100", "statement at 390"]);
  clock.statementSent(true);
  timer.turn(200);
  expect(heard).toHaveLength(2);
});

test("one that commits by itself is not broken off at its shard, but waits no longer for it", () => {
  clock.setLimits({ ...noLimits, statement: 100 }, false);
  clock.statementBegins(false);
  clock.statementSent(false);
  timer.turn(60);
  clock.statementGoesOn(false);
  timer.turn(20);
  clock.statementSent(false);
  timer.turn(200);
  expect(heard).toEqual([]);
  clock.statementGoesOn(false);
  timer.turn(10);
  expect(heard).toEqual(["statement at 281"]);
});

test("many short statements need few timers", () => {
  clock.setLimits({ ...noLimits, statement: 1000, idleSession: 1000 }, false);
  for (let i = 0; i < 1000; i++) {
    clock.messageComes();
    clock.statementBegins(false);
    timer.turn(1);
    clock.ready("idle");
    timer.turn(1);
  }
  expect(heard).toEqual([]);
  expect(timer.starts).toBeLessThan(5);
});

test("of limits that are reached together the transaction's is told", () => {
  clock.setLimits({ ...noLimits, transaction: 100, idleInTransaction: 100 }, false);
  clock.transactionBegins();
  clock.ready("open");
  timer.turn(100);
  expect(heard).toEqual(["FATAL 25P04 at 100"]);
});

test("a session that has ended leaves no timer", () => {
  clock.setLimits({ ...noLimits, idleSession: 100 }, false);
  clock.ready("idle");
  clock.stop();
  expect(timer.isRunning).toBe(false);
});

test("a shard that carries out a statement outside of a transaction keeps the time of both", () => {
  clock.setLimits({ ...noLimits, statement: 100, transaction: 50 }, false);
  clock.statementBegins(false);
  timer.turn(40);
  clock.statementSent(false);
  timer.turn(500);
  expect(heard).toEqual([]);
  clock.transactionBegins();
  clock.statementBegins(true);
  clock.statementSent(true);
  timer.turn(50);
  expect(heard).toEqual(["FATAL 25P04 at 590"]);
});
