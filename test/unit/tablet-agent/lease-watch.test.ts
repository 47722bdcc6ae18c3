// What an agent knows of its lease.
import { expect, test } from "vitest";
import type { LeaseAnswer, LeaseCandidate } from "../../../src/topology/lease-candidate.ts";
import { watchLease } from "../../../tablet-agent/lease-watch.ts";

test("a renewal that is under way does not bring back a lease that is given up", async () => {
  const renewal = Promise.withResolvers<LeaseAnswer>();
  const held: LeaseAnswer = { kind: "held", transitions: 1, validUntilMs: 6_000 };
  const asked: string[] = [];
  const candidate = {
    acquire: async () => {
      asked.push("acquire");
      return asked.length === 1 ? held : await renewal.promise;
    },
    release: async () => {
      asked.push("release");
    },
  } as unknown as LeaseCandidate;
  const lease = watchLease(candidate, () => 1_000);
  await lease.tryFor();
  expect(lease.state()).toMatchObject({ kind: "mine", untilMs: 6_000 });

  const renewing = lease.tryFor();
  const releasing = lease.release();
  expect(lease.state().kind).not.toBe("mine");
  renewal.resolve(held);
  await Promise.all([renewing, releasing]);
  expect(lease.state().kind).not.toBe("mine");
  // In this order: what the renewal has written is given up with it.
  expect(asked).toEqual(["acquire", "acquire", "release"]);
});

test("a lease is free since the answer that says so, and that only while answers keep coming", async () => {
  let nowMs = 0;
  let tookMs = 0;
  const candidate = {
    look: async () => {
      nowMs += tookMs;
      return { kind: "free" };
    },
  } as unknown as LeaseCandidate;
  const lease = watchLease(candidate, () => nowMs);
  // The store has been frozen, for the one who has lost the lease as well.
  tookMs = 2_000;
  await lease.look();
  expect(lease.state()).toEqual({ kind: "free", sinceMs: 2_000 });
  tookMs = 100;
  await lease.look();
  expect(lease.state()).toEqual({ kind: "free", sinceMs: 2_000 });
  nowMs += 10_000;
  expect(lease.state()).toEqual({ kind: "unknown" });
  await lease.look();
  expect(lease.state()).toEqual({ kind: "free", sinceMs: nowMs });
});

test("a conflict with a write of one's own that was slow loses nothing; another holder does", async () => {
  const answers: LeaseAnswer[] = [
    { kind: "held", transitions: 1, validUntilMs: 6_000 },
    { kind: "taken", by: undefined, freeInMs: 0 },
    { kind: "taken", by: "another", freeInMs: 6_000 },
  ];
  const candidate = { acquire: async () => answers.shift()! } as unknown as LeaseCandidate;
  const lease = watchLease(candidate, () => 1_000);
  await lease.tryFor();
  await lease.tryFor();
  expect(lease.state()).toMatchObject({ kind: "mine", untilMs: 6_000 });
  await lease.tryFor();
  expect(lease.state()).toEqual({ kind: "other" });
});

test("who comes second when the lease is free does not know yet who was first", async () => {
  const conflict: LeaseAnswer = { kind: "taken", by: undefined, freeInMs: 0 };
  const candidate = {
    look: async () => ({ kind: "free" }),
    acquire: async () => conflict,
  } as unknown as LeaseCandidate;
  const lease = watchLease(candidate, () => 1_000);
  await lease.look();
  await lease.tryFor();
  expect(lease.state()).toMatchObject({ kind: "free" });
});
