// What a gateway tells the shards about its distributed transactions in one database, with shards that only take notes.
import { pino } from "pino";
import { expect, test } from "vitest";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import { Coordinator } from "../../../src/transaction/coordinator.ts";
import { eventually } from "../../support/eventually.ts";

const [s1, s2, s3] = ["s1", "s2", "s3"] as ShardName[] as [ShardName, ShardName, ShardName];

function scene(firstNumber = 1) {
  const told: string[] = [];
  const down = new Set<ShardName>();
  const retired = new Set<string>();
  let next = firstNumber;
  const coordinator = new Coordinator({
    clusterId: "c",
    origin: "g1_abc",
    nextOrigin: () => "g1_def",
    database: "app",
    nextNumber: () => next++,
    secret: "secret",
    async ask(shard, _database, _sql, values = []) {
      if (down.has(shard)) throw new Error("gone");
      if (retired.has(String(values[0]))) throw Object.assign(new Error("retired"), { code: "55000" });
      told.push(`${shard} ${values[1]}`);
      return [];
    },
    shards: () => [s1, s2, s3],
    log: pino({ level: "silent" }),
  });
  const taken = () => told.splice(0).sort();
  const skipTo = (number: number) => {
    next = number;
  };
  return { coordinator, taken, down, retired, skipTo };
}

test("participants hear of the gateway before its first commit; afterwards all hear what is finished", async () => {
  const { coordinator, taken } = scene();
  const first = await coordinator.begin(s1, [s2]);
  expect(first.gid).toBe("sg_c_g1_abc_1_s1");
  expect(taken()).toEqual(["s1 0", "s2 0"]);
  const second = await coordinator.begin(s2, [s1]);
  expect(taken()).toEqual([]);
  second.finished();
  // The first one is not finished.
  expect(coordinator.closed).toBe(0);
  first.finished();
  expect(coordinator.closed).toBe(2);
  // Twice: from then on nobody lists what is closed.
  const heard: string[] = [];
  await eventually(() => heard.push(...taken()) === 6);
  expect(heard.sort()).toEqual(["s1 2", "s1 2", "s2 2", "s2 2", "s3 2", "s3 2"]);
  coordinator.close();
});

test("numbers that other databases have used are no gap in this one", async () => {
  const { coordinator, taken, skipTo } = scene(50_000);
  const first = await coordinator.begin(s1, [s2]);
  expect(taken()).toEqual(["s1 49999", "s2 49999"]);
  skipTo(60_002);
  // The first one is under way: nothing more is closed.
  const second = await coordinator.begin(s1, [s2]);
  expect(taken()).toEqual([]);
  first.finished();
  second.finished();
  skipTo(80_000);
  const third = await coordinator.begin(s1, [s2]);
  expect(taken()).toEqual(expect.arrayContaining(["s1 79999", "s2 79999"]));
  third.finished();
  coordinator.close();
});

test("where a participant cannot be told, nothing is under way", async () => {
  const { coordinator, down } = scene();
  down.add(s2);
  await expect(coordinator.begin(s1, [s2])).rejects.toThrow("gone");
  expect(coordinator.closed).toBe(1);
  coordinator.close();
});

test("a gateway whose origin has been retired while it slept takes another one", async () => {
  const { coordinator, retired } = scene();
  retired.add("g1_abc");
  expect((await coordinator.begin(s1, [s2])).gid).toBe("sg_c_g1_def_1_s1");
  coordinator.close();
});
