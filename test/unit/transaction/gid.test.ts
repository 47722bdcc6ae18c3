// Global transaction ids as text and back, and what is not one of ours.
import { expect, test } from "vitest";
import type { ShardName } from "../../../src/topology/snapshot.ts";
import { formatGid, originOf, parseGid } from "../../../src/transaction/gid.ts";
import { isolationIn, isSettingOff } from "../../../src/transaction/isolation.ts";

test("an id says who made it and who decides", () => {
  const gid = {
    clusterId: "c0ffee",
    origin: originOf("g-1", 1_700_000_000_000),
    number: 42,
    keeper: "s1" as ShardName,
  };
  expect(formatGid(gid)).toBe("sg_c0ffee_g-1_loyw3v28_42_s1");
  expect(parseGid(formatGid(gid))).toEqual(gid);
});

test.each([
  "",
  "sg_",
  "sg_c_g_1_s1",
  "sg_c_g_1_x_s1",
  "xsg_c_g_1_2_s1",
  "sg_c_g_1_2_s1_more",
  "sg_c_g_1_2_s'1",
  "mine",
])("%j is none", (text) => {
  expect(parseGid(text)).toBeUndefined();
});

test("a gateway whose name would break the id is refused", () => {
  for (const name of ["", "a_b", "a'b", "a b"]) expect(() => originOf(name, 0)).toThrow(TypeError);
});

test.each([
  ["isolation level repeatable read, READ ONLY", "repeatable read"],
  ["ISOLATION  LEVEL\tSERIALIZABLE", "serializable"],
  ["'read committed'", "read committed"],
  ["READ UNCOMMITTED", "read committed"],
  ["READ ONLY", undefined],
  ["", undefined],
  [undefined, undefined],
])("%j is isolation level %j", (text, level) => {
  expect(isolationIn(text)).toBe(level);
});

test("settings that are off, in every way that PostgreSQL knows", () => {
  for (const value of ["off", "'off'", "OFF", "false", "'f'", "no", "0"]) expect(isSettingOff(value), value).toBe(true);
  for (const value of ["on", "'true'", "1", "yes", undefined]) expect(isSettingOff(value), value).toBe(false);
});
