// The plan cache: which texts share a plan, what is forgotten, what is never kept.
import { beforeAll, expect, test } from "vitest";
import type { Plan, SingleShardPlan } from "../../../src/planner/plan.ts";
import { createPlanCache } from "../../../src/planner/plan-cache.ts";
import { normalize } from "../../../src/sql/normalize.ts";
import { loadParser } from "../../../src/sql/parse.ts";

const anyText: SingleShardPlan = {
  kind: "single-shard",
  targets: [],
  readOnly: true,
  otherwise: undefined,
  anyLiterals: true,
};
const oneText: Plan = { ...anyText, anyLiterals: false };

beforeAll(loadParser);

test("a plan for any literals serves every text of its shape", () => {
  const cache = createPlanCache();
  cache.set("s", "SELECT 1", normalize("SELECT 1"), anyText);
  expect(cache.get("s", "SELECT 2", normalize("SELECT 2"))).toBe(anyText);
  expect(cache.get("s", "SELECT 'a'", normalize("SELECT 'a'"))).toBeUndefined();
});

test("a plan for one text serves that text only", () => {
  const cache = createPlanCache();
  cache.set("s", "SELECT 1", normalize("SELECT 1"), oneText);
  expect(cache.get("s", "SELECT 1", normalize("SELECT 1"))).toBe(oneText);
  expect(cache.get("s", "SELECT 2", normalize("SELECT 2"))).toBeUndefined();
});

test("a text that cannot be normalized is found by itself", () => {
  const cache = createPlanCache();
  cache.set("s", "SELECT U&'a'", undefined, anyText);
  expect(cache.get("s", "SELECT U&'a'", undefined)).toBe(anyText);
});

test("scopes do not see each other's plans", () => {
  const cache = createPlanCache();
  cache.set("s", "SELECT 1", normalize("SELECT 1"), anyText);
  expect(cache.get("t", "SELECT 1", normalize("SELECT 1"))).toBeUndefined();
});

test("plans that are not used make room, those that are used stay", () => {
  const cache = createPlanCache({ plansMax: 10 });
  cache.set("s", "kept", undefined, oneText);
  for (let n = 0; n < 100; n++) {
    cache.set("s", `SELECT ${n}`, undefined, oneText);
    expect(cache.get("s", "kept", undefined)).toBe(oneText);
  }
  const left = Array.from({ length: 100 }, (_, n) => cache.get("s", `SELECT ${n}`, undefined)).filter(Boolean);
  expect(left.length).toBeLessThanOrEqual(10);
});

test("long texts are not kept, and many texts only up to a total length", () => {
  const cache = createPlanCache({ textLengthMax: 10_000 });
  cache.set("s", "x".repeat(101), undefined, oneText);
  expect(cache.get("s", "x".repeat(101), undefined)).toBeUndefined();
  for (let n = 0; n < 1000; n++) cache.set("s", `${n}`.padEnd(100), undefined, oneText);
  let length = 0;
  for (let n = 0; n < 1000; n++) if (cache.get("s", `${n}`.padEnd(100), undefined)) length += 100;
  expect(length).toBeLessThanOrEqual(10_000);
});

test("plans that change the schema, which may hold a password, are not kept", () => {
  const cache = createPlanCache();
  const plan: Plan = {
    kind: "all-shards",
    transactional: true,
    undo: undefined,
    homeSql: undefined,
    otherSql: undefined,
    changesCatalog: true,
  };
  cache.set("s", "CREATE ROLE x PASSWORD 'y'", undefined, plan);
  expect(cache.get("s", "CREATE ROLE x PASSWORD 'y'", undefined)).toBeUndefined();
});
