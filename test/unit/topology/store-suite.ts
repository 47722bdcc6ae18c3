// What every topology store must do, whatever it keeps its documents in. Run by one test file per store.
import { describe, expect, test } from "vitest";
import type { StoreEvent, TopologyStore } from "../../../src/topology/store.ts";

/** `open` gives two handles to one new, empty store, as two processes would have them. */
export function testStore(name: string, open: () => Promise<readonly [TopologyStore, TopologyStore]>): void {
  describe(name, () => {
    test("what one has put, another gets", async () => {
      const [one, other] = await open();
      const version = await one.put("shards/s1", { ordinal: 0, names: ["a", null, true] }, "absent");
      expect(await other.get("shards/s1")).toEqual({
        key: "shards/s1",
        value: { ordinal: 0, names: ["a", null, true] },
        version,
      });
    });

    test("what is not there is undefined", async () => {
      const [store] = await open();
      expect(await store.get("cluster")).toBeUndefined();
      expect(await store.list("")).toEqual([]);
    });

    test("list gives the entries below a prefix, in order of keys", async () => {
      const [store] = await open();
      for (const key of ["shards/s2", "cluster", "shards/s10", "shards/s1"]) await store.put(key, key, "absent");
      expect((await store.list("shards/")).map((entry) => entry.key)).toEqual(["shards/s1", "shards/s10", "shards/s2"]);
      expect((await store.list("")).map((entry) => entry.key)).toContain("cluster");
      expect((await store.list("shards/s1")).map((entry) => entry.key)).toEqual(["shards/s1"]);
      expect(await store.list("shards/s")).toEqual([]);
    });

    test("put needs the present version", async () => {
      const [one, other] = await open();
      const first = await one.put("k", 1, "absent");
      const second = await other.put("k", 2, first);
      await expect(one.put("k", 3, first)).rejects.toMatchObject({ code: "conflict" });
      await expect(one.put("k", 3, "absent")).rejects.toMatchObject({ code: "conflict" });
      await expect(one.put("other", 3, second)).rejects.toMatchObject({ code: "conflict" });
      expect(await one.get("k")).toMatchObject({ value: 2, version: second });
      expect(second).not.toBe(first);
    });

    test("delete needs the present version", async () => {
      const [store] = await open();
      const first = await store.put("k", 1, "absent");
      const second = await store.put("k", 2, first);
      await expect(store.delete("k", first)).rejects.toMatchObject({ code: "conflict" });
      await store.delete("k", second);
      expect(await store.get("k")).toBeUndefined();
      await expect(store.delete("k", second)).rejects.toMatchObject({ code: "conflict" });
      await expect(store.put("k", 3, second)).rejects.toMatchObject({ code: "conflict" });
    });

    test("a key that comes back never has an old version", async () => {
      const [store] = await open();
      const versions = new Set<string>();
      for (let round = 0; round < 3; round++) {
        const version = await store.put("k", 1, "absent");
        versions.add(version);
        await store.delete("k", version);
      }
      expect(versions.size).toBe(3);
    });

    test("of many writers at once exactly one wins each round", async () => {
      const [one, other] = await open();
      await one.put("counter", 0, "absent");
      const increment = async (store: TopologyStore) => {
        for (let done = 0; done < 20; ) {
          const entry = await store.get("counter");
          try {
            await store.put("counter", Number(entry!.value) + 1, entry!.version);
            done++;
          } catch (error) {
            expect(error).toMatchObject({ code: "conflict" });
          }
        }
      };
      await Promise.all([increment(one), increment(other), increment(one), increment(other)]);
      expect(await one.get("counter")).toMatchObject({ value: 80 });
    });

    test("watch gives the present state first, then every change", async () => {
      const [one, other] = await open();
      const a = await one.put("shards/a", 1, "absent");
      await one.put("elsewhere", 1, "absent");
      const watching = watchInto(other, "shards/");
      await watching.until((events) => events.length === 1);
      expect(watching.events[0]).toEqual({ kind: "state", entries: [{ key: "shards/a", value: 1, version: a }] });

      const a2 = await one.put("shards/a", 2, a);
      await watching.until((events) => events.length === 2);
      await one.put("elsewhere/b", 1, "absent");
      const b = await one.put("shards/b", 1, "absent");
      await watching.until((events) => events.length === 3);
      await one.delete("shards/b", b);
      await watching.until((events) => events.length === 4);
      expect(watching.events.slice(1)).toEqual([
        { kind: "put", entry: { key: "shards/a", value: 2, version: a2 } },
        { kind: "put", entry: { key: "shards/b", value: 1, version: b } },
        { kind: "delete", key: "shards/b" },
      ]);
      await watching.stop();
    });

    test("a watch of one key tells of no other", async () => {
      const [one, other] = await open();
      const watching = watchInto(other, "shards/s1");
      await watching.until((events) => events.length === 1);
      await one.put("shards/s10", 1, "absent");
      const version = await one.put("shards/s1", 1, "absent");
      await watching.until((events) => events.length === 2);
      await one.delete("shards/s1", version);
      await watching.until((events) => events.length === 3);
      await watching.stop();
      expect(watching.events).toEqual([
        { kind: "state", entries: [] },
        { kind: "put", entry: { key: "shards/s1", value: 1, version } },
        { kind: "delete", key: "shards/s1" },
      ]);
    });

    test("a watch sees the last of many quick changes", async () => {
      const [one, other] = await open();
      const watching = watchInto(other, "");
      let version = await one.put("k", 0, "absent");
      for (let value = 1; value <= 50; value++) version = await one.put("k", value, version);
      await watching.until((events) => {
        const last = events.at(-1);
        return last?.kind === "put" && last.entry.value === 50;
      });
      await watching.stop();
    });

    test("while nothing happens, a watch says that it is up to date", async () => {
      const [store] = await open();
      const watching = watchInto(store, "");
      await watching.until((events) => events.length === 1 && watching.current() >= 1);
      await watching.stop();
      expect(watching.events).toHaveLength(1);
    });

    test("a watch that begins anew tells what has happened in between", async () => {
      const [one, other] = await open();
      const a = await one.put("a", 1, "absent");
      const b = await one.put("b", 1, "absent");
      const before = watchInto(other, "");
      await before.until((events) => events.length === 1);
      await before.stop();
      await one.delete("a", a);
      const b2 = await one.put("b", 2, b);
      const c = await one.put("c", 1, "absent");
      const after = watchInto(other, "");
      await after.until((events) => events.length === 1);
      await after.stop();
      const entries = [
        { key: "b", value: 2, version: b2 },
        { key: "c", value: 1, version: c },
      ];
      expect(after.events).toEqual([{ kind: "state", entries }]);
    });

    test("a watch of an empty store begins with an empty state, and ends when aborted", async () => {
      const [store] = await open();
      const watching = watchInto(store, "");
      await watching.until((events) => events.length === 1);
      await watching.stop();
      expect(watching.events).toEqual([{ kind: "state", entries: [] }]);
    });
  });
}

/** Collects events in the background; `until` waits for what is to come, bounded by the time limit of the test. */
function watchInto(store: TopologyStore, prefix: string) {
  const controller = new AbortController();
  const events: StoreEvent[] = [];
  let current = 0;
  let wake = () => {};
  const ended = (async () => {
    for await (const event of store.watch(prefix, controller.signal)) {
      // How often these come is up to the store.
      if (event.kind !== "current") events.push(event);
      else current++;
      wake();
    }
  })();
  return {
    events,
    current: () => current,
    async until(condition: (events: readonly StoreEvent[]) => boolean) {
      while (!condition(events)) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([woken, ended.then(() => Promise.reject(new Error("the watch has ended")))]);
      }
    },
    async stop() {
      controller.abort();
      await ended;
    },
  };
}
