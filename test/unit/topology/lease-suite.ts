// What the leases of every topology store must do. Run by one test file per store; clocks are passed in, nobody sleeps.
import { describe, expect, test } from "vitest";
import type { Lease } from "../../../src/topology/lease.ts";
import { type LeaseClock, leaseCandidate } from "../../../src/topology/lease-candidate.ts";
import type { TopologyStore } from "../../../src/topology/store.ts";

const durationSeconds = 10;

/** `open` gives two handles to one new, empty store, as two processes would have them. */
export function testLeases(name: string, open: () => Promise<readonly [TopologyStore, TopologyStore]>): void {
  describe(`leases of ${name}`, () => {
    test("what one has put, another gets, with every field", async () => {
      const [one, other] = await open();
      expect(await other.leases.get("shards/s1")).toBeUndefined();
      const version = await one.leases.put("shards/s1", lease("a", 3), "absent");
      expect(await other.leases.get("shards/s1")).toEqual({ lease: lease("a", 3), version });
      const released = { ...lease("a", 3), holderIdentity: undefined };
      const next = await other.leases.put("shards/s1", released, version);
      expect(await one.leases.get("shards/s1")).toEqual({ lease: released, version: next });
      expect(next).not.toBe(version);
    });

    test("put needs the present version", async () => {
      const [one, other] = await open();
      const first = await one.leases.put("l", lease("a", 0), "absent");
      const second = await other.leases.put("l", lease("b", 1), first);
      for (const expected of [first, "absent"]) {
        await expect(one.leases.put("l", lease("a", 2), expected)).rejects.toMatchObject({ code: "conflict" });
      }
      expect(await one.leases.get("l")).toEqual({ lease: lease("b", 1), version: second });
    });

    test("leases are no documents, and watchers of documents do not hear of them", async () => {
      const [one, other] = await open();
      await one.leases.put("l", lease("a", 0), "absent");
      await one.put("k", 1, "absent");
      expect((await one.list("")).map(({ key }) => key)).toEqual(["k"]);
      expect(await other.get("l")).toBeUndefined();
    });

    test("a lease that was free is held, renewed, and kept from others until it has run out", async () => {
      const [one, other] = await open();
      const a = candidate(one, "a", 1_000);
      const b = candidate(other, "b", 5_000_000);
      expect(await a.acquire()).toEqual({ kind: "held", transitions: 0, validUntilMs: 11_000 });
      expect(await b.acquire()).toEqual({ kind: "taken", by: "a", freeInMs: 10_000 });
      b.sleep(9_000);
      a.sleep(9_000);
      expect(await b.acquire()).toEqual({ kind: "taken", by: "a", freeInMs: 1_000 });
      expect(await a.renew()).toEqual({ kind: "held", transitions: 0, validUntilMs: 20_000 });
      b.sleep(9_999);
      expect(await b.acquire()).toEqual({ kind: "taken", by: "a", freeInMs: 10_000 });
      b.sleep(9_999);
      expect(await b.acquire()).toEqual({ kind: "taken", by: "a", freeInMs: 1 });
      b.sleep(1);
      expect(await b.acquire()).toMatchObject({ kind: "held", transitions: 1 });
      expect(await a.renew()).toMatchObject({ kind: "taken", by: "b" });
    });

    test("who has lost a lease does not get it by renewing, not even when it is free again", async () => {
      const [one, other] = await open();
      const a = candidate(one, "a");
      const b = candidate(other, "b");
      await a.acquire();
      await b.acquire();
      b.sleep(10_000);
      await b.acquire();
      await b.release();
      expect(await a.renew()).toEqual({ kind: "taken", by: undefined, freeInMs: 0 });
      expect(await a.acquire()).toMatchObject({ kind: "held", transitions: 2 });
    });

    test("a lease that was let go is free at once; letting go of another's does nothing", async () => {
      const [one, other] = await open();
      const a = candidate(one, "a");
      const b = candidate(other, "b");
      await a.acquire();
      await b.release();
      expect(await b.acquire()).toMatchObject({ kind: "taken", by: "a" });
      await a.release();
      expect(await b.acquire()).toMatchObject({ kind: "held", transitions: 1 });
      await a.release();
      expect(await a.acquire()).toMatchObject({ kind: "taken", by: "b" });
    });

    test("an observer that has just begun waits the whole time, whatever the times in the record say", async () => {
      const [one, other] = await open();
      const old = {
        ...lease("a", 0),
        acquireTime: "1999-01-01T00:00:00.000000Z",
        renewTime: "1999-01-01T00:00:00.000000Z",
      };
      await one.leases.put("l", old, "absent");
      const b = candidate(other, "b");
      expect(await b.acquire()).toEqual({ kind: "taken", by: "a", freeInMs: 10_000 });
    });

    test("the same holder goes on with its own lease after a restart", async () => {
      const [one, other] = await open();
      await candidate(one, "a").acquire();
      expect(await candidate(other, "a").acquire()).toMatchObject({ kind: "held", transitions: 0 });
    });

    test("of many who want a free lease at once exactly one gets it", async () => {
      const [one, other] = await open();
      const names = ["a", "b", "c", "d", "e", "f"];
      const answers = await Promise.all(names.map((name, i) => candidate(i % 2 ? one : other, name).acquire()));
      expect(answers.filter(({ kind }) => kind === "held")).toHaveLength(1);
    });
  });
}

function lease(holderIdentity: string, leaseTransitions: number): Lease {
  const time = "2026-11-28T12:00:00.000000Z";
  return {
    holderIdentity,
    leaseDurationSeconds: durationSeconds,
    acquireTime: time,
    renewTime: time,
    leaseTransitions,
  };
}

/** With a clock of its own, that only `sleep` moves. */
function candidate(store: TopologyStore, holderIdentity: string, startMs = 0) {
  let nowMs = startMs;
  const clock: LeaseClock = { now: () => nowMs, wallTime: () => "2026-11-28T12:00:00.000000Z" };
  const wanted = { holderIdentity, leaseDurationSeconds: durationSeconds };
  return {
    ...leaseCandidate(store.leases, "l", wanted, clock),
    sleep(ms: number) {
      nowMs += ms;
    },
  };
}
