// Which transactions the resolver ends, in which order, and what a shard that hangs holds up: with shards that answer as
// the test says.
import { pino } from "pino";
import { expect, test } from "vitest";
import { patienceSeconds, Resolver } from "../../../src/controller/resolver.ts";
import type { AdminQuery } from "../../../src/pool/admin-connections.ts";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import type { PreparedOnShard, PreparedTransaction } from "../../../src/transaction/prepared-transactions.ts";

const [s1, s2, s3] = ["s1", "s2", "s3"] as ShardName[] as [ShardName, ShardName, ShardName];

const gidOf = (number: number, keeper: ShardName, cluster = "c") => `sg_${cluster}_g1_abc_${number}_${keeper}`;

function onShard(shard: ShardName, ...prepared: Partial<PreparedTransaction>[]): PreparedOnShard {
  const facts = { shard, gid: "", database: "app", owner: "alice", ageSeconds: patienceSeconds, xminAge: 1 };
  return { shard, prepared: prepared.map((each) => ({ ...facts, ...each })), slots: 200, freezeMaxAge: 200_000_000 };
}

/** `decide` says what a keeper answers about a gid. */
function scene(decide: (keeper: ShardName, gid: string) => Promise<string> | string) {
  const ended: string[] = [];
  const forgotten: string[] = [];
  const ask: AdminQuery = async (shard, database, sql, values = []) => {
    if (sql.includes("decide")) return [[await decide(shard, String(values[0]))]];
    ended.push(`${shard}/${database}: ${sql}`);
    return [];
  };
  const resolver = new Resolver({
    clusterId: () => "c",
    ask,
    forget: (database) => forgotten.push(database),
    log: pino({ level: "silent" }),
    isTimeToTell: () => true,
  });
  return { resolver, ended, forgotten };
}

test("what is ours and older than patience is ended as its keeper says; all else is left alone", async () => {
  const { resolver, ended, forgotten } = scene((_, gid) => (gid === gidOf(1, s1) ? "committed" : "aborted"));
  const shards = [
    onShard(
      s2,
      { gid: gidOf(1, s1) },
      { gid: gidOf(2, s1), ageSeconds: patienceSeconds - 0.1 },
      { gid: gidOf(3, s1, "other") },
      { gid: "order 12" },
    ),
    onShard(s3, { gid: gidOf(4, s1), database: "shop" }),
  ];
  expect(shards.flatMap((shard) => resolver.inDoubt(shard)).map(({ gid }) => gid)).toEqual([
    gidOf(1, s1),
    gidOf(4, s1),
  ]);
  resolver.pass(shards);
  await resolver.settled();
  expect(ended.sort()).toEqual([
    `s2/app: COMMIT PREPARED '${gidOf(1, s1)}'`,
    `s3/shop: ROLLBACK PREPARED '${gidOf(4, s1)}'`,
  ]);
  expect(resolver.resolved).toEqual({ committed: 1, aborted: 1 });
  expect(forgotten.sort()).toEqual(["app", "shop"]);
});

test("a keeper that hangs holds up only what needs it, and is not asked twice", async () => {
  const hanging = Promise.withResolvers<string>();
  let asked = 0;
  const { resolver, ended, forgotten } = scene((keeper) => {
    if (keeper !== s1) return "committed";
    asked++;
    return hanging.promise;
  });
  const shards = [onShard(s2, { gid: gidOf(1, s1) }, { gid: gidOf(2, s3) })];
  resolver.pass(shards);
  await new Promise(setImmediate);
  expect(ended).toEqual([`s2/app: COMMIT PREPARED '${gidOf(2, s3)}'`]);
  resolver.pass([onShard(s2, { gid: gidOf(1, s1) }, { gid: gidOf(3, s3) })]);
  await new Promise(setImmediate);
  expect(ended.at(-1)).toBe(`s2/app: COMMIT PREPARED '${gidOf(3, s3)}'`);
  expect(asked).toBe(1);
  // Its connections are still in use.
  expect(forgotten).toEqual([]);
  hanging.resolve("aborted");
  await resolver.settled();
  expect(ended.at(-1)).toBe(`s2/app: ROLLBACK PREPARED '${gidOf(1, s1)}'`);
  expect(forgotten).toEqual(["app"]);
});

test("one that cannot be ended does not keep the next from it, and is tried again", async () => {
  let isAway = true;
  const { resolver, ended } = scene((_, gid) => {
    if (isAway && gid === gidOf(1, s1)) throw new Error("no answer");
    return "aborted";
  });
  const shards = [onShard(s2, { gid: gidOf(1, s1) }, { gid: gidOf(2, s1) })];
  resolver.pass(shards);
  await resolver.settled();
  expect(ended).toEqual([`s2/app: ROLLBACK PREPARED '${gidOf(2, s1)}'`]);
  expect(resolver.failures).toBe(1);
  isAway = false;
  resolver.pass([onShard(s2, { gid: gidOf(1, s1) })]);
  await resolver.settled();
  expect(ended.at(-1)).toBe(`s2/app: ROLLBACK PREPARED '${gidOf(1, s1)}'`);
});

test("what a client has prepared is in no doubt, and is asked about again after ten seconds", async () => {
  let answer = "prepared";
  let [now, asked] = [0, 0];
  const ask: AdminQuery = async (_shard, _database, sql) => {
    if (!sql.includes("decide_unless_prepared")) return [];
    asked++;
    return [[answer]];
  };
  const options = {
    clusterId: () => "c",
    ask,
    forget: () => {},
    log: pino({ level: "silent" }),
    isTimeToTell: () => true,
  };
  const resolver = new Resolver(options, () => now);
  const shards = [onShard(s2, { gid: "sg_c_c-700_abc_1_s1" })];
  const pass = async (shown = shards) => {
    resolver.pass(shown);
    await resolver.settled();
    return asked;
  };
  expect(await pass()).toBe(1);
  expect(shards.flatMap((shard) => resolver.inDoubt(shard))).toEqual([]);
  now = 9_999;
  expect(await pass()).toBe(1);
  now = 10_000;
  expect(await pass()).toBe(2);
  expect(resolver.failures).toBe(0);
  now = 20_000;
  answer = "committed";
  expect(await pass()).toBe(3);
  expect(resolver.resolved).toEqual({ committed: 1, aborted: 0 });
  // One that is gone is forgotten: were it there again, it would be a new one.
  answer = "prepared";
  await pass();
  await pass([onShard(s2)]);
  expect(await pass()).toBe(5);
});
