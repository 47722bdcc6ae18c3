// Interrupts without a session: who is stopped, and with which words.
import { expect, test } from "vitest";
import { canceledByTimeout, canceledByUser, Interrupts } from "../../../gateway/interrupts.ts";
import { delay } from "../../../src/base/delay.ts";
import { ShardError } from "../../../src/pgwire/error-fields.ts";
import { DeadlockDetected } from "../../../src/transaction/deadlock-error.ts";

const shardError = (code: string) =>
  new ShardError(
    new Map([
      ["S", "ERROR"],
      ["C", code],
      ["M", "canceling statement due to user request"],
    ]),
  );

test("whoever waits gives up with the first reason, and whoever begins does not begin", async () => {
  const interrupts = new Interrupts();
  const waiting = interrupts.orSooner(new Promise(() => {}));
  const reason = canceledByTimeout();
  interrupts.raise(reason, () => {});
  interrupts.raise(canceledByUser(), () => {});
  await expect(waiting).rejects.toBe(reason);
  await expect(interrupts.orSooner(Promise.resolve(1))).rejects.toBe(reason);
  expect(() => interrupts.check()).toThrow(reason);
});

test("what is there in time is kept; the next message knows nothing of the interrupt", async () => {
  const interrupts = new Interrupts();
  await expect(interrupts.orSooner(Promise.resolve(1))).resolves.toBe(1);
  interrupts.raise(canceledByUser(), () => {});
  interrupts.reset();
  interrupts.check();
  expect(interrupts.signal.aborted).toBe(false);
});

test("a shard's word for it is replaced by the reason, other errors are not", () => {
  const interrupts = new Interrupts();
  const [canceled, other] = [shardError("57014"), shardError("23505")];
  expect(interrupts.explain(canceled)).toBe(canceled);
  const reason = canceledByTimeout();
  interrupts.raise(reason, () => {});
  expect(interrupts.explain(canceled)).toBe(reason);
  expect(interrupts.explain(other)).toBe(other);
});

test("a deadlock is told in the context of the statement that was cancelled for it", () => {
  const interrupts = new Interrupts();
  interrupts.raise(new DeadlockDetected("Process 1 waits"), () => {});
  const context = 'while updating tuple (0,1) in relation "t"';
  const raw = new Map(Object.entries({ S: "FEHLER", V: "ERROR", C: "57014", M: "abgebrochen", P: "7", W: context }));
  const told = interrupts.explain(new ShardError(raw)) as ShardError;
  expect(Object.fromEntries(told.raw)).toEqual({
    S: "FEHLER",
    V: "ERROR",
    C: "40P01",
    M: "deadlock detected",
    D: "Process 1 waits",
    H: "See server log for query details.",
    W: context,
  });
  interrupts.reset();
});

test("work that does not stop is cancelled again, until it has", async () => {
  const interrupts = new Interrupts();
  let count = 0;
  await new Promise<void>((resolve) => {
    interrupts.raise(canceledByUser(), () => {
      if (++count === 3) resolve();
    });
  });
  interrupts.reset();
  await delay(300);
  expect(count).toBe(3);
});
