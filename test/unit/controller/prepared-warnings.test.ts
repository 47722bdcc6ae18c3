// Which prepared transactions are a danger, and what the log says about them.
import { expect, test } from "vitest";
import { preparedWarnings } from "../../../src/controller/prepared-warnings.ts";
import { seldom } from "../../../src/controller/seldom.ts";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import type { PreparedOnShard, PreparedTransaction } from "../../../src/transaction/prepared-transactions.ts";

const s1 = "s1" as ShardName;
const cluster = "6b4a0c52";

function prepared(facts: Partial<PreparedTransaction> = {}): PreparedTransaction {
  return { shard: s1, gid: "order 12", database: "app", owner: "alice", ageSeconds: 10, xminAge: 100, ...facts };
}

function warnings(transactions: readonly PreparedTransaction[], limits: Partial<PreparedOnShard> = {}) {
  const onShard = { shard: s1, prepared: transactions, slots: 200, freezeMaxAge: 200_000_000, ...limits };
  return preparedWarnings(onShard, cluster);
}

test("young transactions, and few, are nobody's business", () => {
  expect(warnings([])).toEqual([]);
  expect(warnings([prepared({ ageSeconds: 300, xminAge: 20_000_000 })])).toEqual([]);
  expect(warnings(Array.from({ length: 160 }, (_, i) => prepared({ gid: `t${i}` })))).toEqual([]);
});

test("one that is forgotten is named, with its facts and the way out", () => {
  expect(warnings([prepared({ gid: "it's", ageSeconds: 301.5 })])).toEqual([
    {
      key: "age s1 it's",
      message: "a transaction on shard s1 has been prepared for 5 minutes and keeps its locks",
      hint: "It is not Shardgres' own. If whoever prepared it is gone: COMMIT PREPARED 'it''s' or ROLLBACK PREPARED 'it''s' in database app as role alice.",
      shard: "s1",
      gid: "it's",
      database: "app",
      owner: "alice",
      ageSeconds: 302,
      xminAge: 100,
      others: 0,
    },
  ]);
});

test("of several the worst is named, and the others are counted", () => {
  const ages = [400, 900, 20, 500].map((ageSeconds) => prepared({ gid: `t${ageSeconds}`, ageSeconds }));
  expect(warnings(ages)).toMatchObject([{ gid: "t900", others: 2, message: expect.stringContaining("15 minutes") }]);
});

test("our own are ended by the controller, whatever another cluster's are called", () => {
  const hintOf = (gid: string) => warnings([prepared({ gid, ageSeconds: 1_000 })])[0]?.hint;
  expect(hintOf(`sg_${cluster}_g1_abc_7_s2`)).toBe(
    'The controller ends it by itself as soon as its keeper, shard s2, answers; "shardgres transactions resolve" says what is in the way.',
  );
  expect(hintOf(`sg_${cluster}_g1_abc_7_s1`)).toMatch(/^The controller ends it by itself; /);
  expect(hintOf("sg_0000_g1_abc_7_s2")).toMatch(
    /^It is not Shardgres' own\. .*ROLLBACK PREPARED 'sg_0000_g1_abc_7_s2'/,
  );
});

test("vacuum held back by a tenth of what forces it is a warning, whatever the clock says", () => {
  const [warning, ...more] = warnings([
    prepared({ gid: "a", xminAge: 20_000_001 }),
    prepared({ gid: "b", xminAge: 50_000_000, ageSeconds: 1 }),
  ]);
  expect(more).toEqual([]);
  expect(warning).toMatchObject({
    key: "xmin s1 b",
    message: "a prepared transaction on shard s1 holds back vacuum: its age is 25 % of autovacuum_freeze_max_age",
    gid: "b",
    others: 1,
  });
});

test("places that run out are a warning, with the oldest who has one", () => {
  const many = Array.from({ length: 5 }, (_, i) => prepared({ gid: `t${i}`, ageSeconds: i }));
  expect(warnings(many, { slots: 6 })).toMatchObject([
    {
      key: "slots s1 t4",
      message: "5 of 6 places for prepared transactions are taken on shard s1",
      hint: expect.stringMatching(/^If that is how many are needed, raise max_prepared_transactions\. It is not/),
      others: 4,
    },
  ]);
});

test("the same is told again after a while only", () => {
  let now = 0;
  const isTime = seldom(1_000, () => now);
  expect([isTime("a"), isTime("a"), isTime("b")]).toEqual([true, false, true]);
  now = 999;
  expect(isTime("a")).toBe(false);
  now = 1_000;
  expect([isTime("a"), isTime("a"), isTime("b")]).toEqual([true, false, true]);
});
