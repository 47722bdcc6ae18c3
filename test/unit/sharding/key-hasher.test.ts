// Without a server: a few hashes that PostgreSQL 18 gave, and what is of no use for routing. test/integration/hash.test.ts
// asks PostgreSQL itself about thousands.
import { expect, test } from "vitest";
import { bucketOfTexts } from "../../../src/sharding/bucket-of.ts";
import { KeyHasher } from "../../../src/sharding/key-hasher.ts";
import type { ShardKeyType } from "../../../src/sharding/shard-key-type.ts";

const hasher = new KeyHasher();

function keyspaceId(types: readonly ShardKeyType[], values: readonly string[]): bigint {
  hasher.start();
  for (const [i, type] of types.entries()) expect(hasher.addText(type, values[i]!)).toBe(true);
  return hasher.keyspaceId();
}

test.each<[ShardKeyType, string, bigint]>([
  ["integer", "1", -3670598878359251130n],
  ["integer", "-5000000000", 6327884766802921082n],
  ["text", "shardgres", -886451861539006365n],
  ["text", "größer als zwölf Bytes", 7953558512940922748n],
  ["bpchar", "shardgres   ", -886451861539006365n],
  ["uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 7543054272012930821n],
  ["numeric", "-12345.678", -7224554725567017098n],
  ["numeric", "0.00", -1n],
  ["numeric", "NaN", 0n],
  ["date", "2024-02-29", 8051018284886573209n],
  ["timestamp", "2024-02-29 12:34:56.789", -4717336522405581691n],
  ["timestamptz", "2024-02-29 12:34:56.789+05:30", 5710111330895201832n],
  ["timestamptz", "2024-02-29T07:04:56.789Z", 5710111330895201832n],
  ["bytea", "\\x00ff", -9220388254744200614n],
  ["bytea", "\\000\\377", -9220388254744200614n],
  ["bool", "yes", -3670598878359251130n],
])("%s %s", (type, value, expected) => {
  expect(keyspaceId([type], [value])).toBe(expected);
});

test("several columns make one keyspace id", () => {
  expect(keyspaceId(["integer", "text", "bool"], ["7", "a", "t"])).toBe(9158169512601945332n);
});

test("the bucket is the top 14 bits of the keyspace id", () => {
  for (const value of ["1", "2", "-3", "123456789012"]) {
    expect(bucketOfTexts(["integer"], [value])).toBe(
      Number(BigInt.asUintN(64, keyspaceId(["integer"], [value])) >> 50n),
    );
  }
});

test("a long text hashes as its bytes do", () => {
  const value = "ß€😀".repeat(1000);
  const bytes = Buffer.from(value);
  const id = keyspaceId(["text"], [value]);
  hasher.start();
  expect(hasher.addBytes("text", 1, bytes, 0, bytes.length)).toBe(true);
  expect(hasher.keyspaceId()).toBe(id);
});

test.each<[ShardKeyType, readonly string[]]>([
  ["integer", ["", " ", "-", "+", "--1", "1 2", "5.5", "5.0", "1e3", "0x10", "0b1", "0o7", "1_000", "NaN", "٣"]],
  ["integer", ["9223372036854775808", "-9223372036854775809", "18446744073709551617", "100000000000000000000"]],
  ["uuid", ["", "{", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 "]],
  [
    "uuid",
    ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11-", "a-0eebc999c0b4ef8bb6d6bb9bd380a11"],
  ],
  ["uuid", ["g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11"]],
  [
    "date",
    ["now", "today", "tomorrow", "epoch", "1/2/2024", "2024-1-2", "20240102", "Jan 2 2024", "24-01-02", "2024.060"],
  ],
  ["date", ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "0000-01-01"]],
  ["date", ["4714-01-01 BC", "5874898-01-01", "2024-01-02 24:00", "2024-01-02 AD"]],
  [
    "timestamp",
    ["now", "12:00", "2024-01-02 24:00:00", "2024-01-02 23:59:60", "2024-01-02 1:00", "2024-01-02 10:00 PM"],
  ],
  [
    "timestamp",
    ["2024-01-02 10:00:00.1234567", "294277-01-01", "2024-01-02 10:00 Europe/Berlin", "2024-01-02 10:00 CET"],
  ],
  ["timestamptz", ["2024-01-02", "2024-01-02 10:00:00", "2024-01-02 10:00+16", "2024-01-02 10:00+05:60", "now"]],
  ["numeric", ["", ".", "-", "e5", "1e", "1e5.5", "0x10", "1_000", "1.2.3", "1e2000", "infinit", "1 2"]],
  ["bytea", ["\\", "\\x0", "\\xg0", "\\x0 0", "\\400", "\\08a", "\\12", "a\\b"]],
  ["bool", ["", "o", "2", "10", "tt", "truee", "null"]],
])("%s: of no use for routing: %j", (type, values) => {
  for (const value of values) expect([value, bucketOfTexts([type], [value])]).toEqual([value, undefined]);
  // One useless component makes the key useless.
  expect(bucketOfTexts(["integer", type], ["1", values[0]!])).toBeUndefined();
});

test.each<[ShardKeyType, readonly string[]]>([
  ["integer", ["", "00", "000000", "00000000000000"]],
  ["uuid", ["", "a0eebc999c0b4ef8bb6d6bb9bd380a", "a0eebc999c0b4ef8bb6d6bb9bd380a1111"]],
  ["date", ["", "000000", "0000000000"]],
  ["timestamp", ["00000000", ""]],
  ["timestamptz", ["00000000", "000000000000000000"]],
  ["bool", ["", "0001"]],
  // Cut off, unknown sign, a digit above 9999, and digits beyond the scale, which PostgreSQL would cut.
  ["numeric", ["", "0001000000000000", "00010000200000000001", "00010000000000002710", "0002000000000000000104d2"]],
])("%s: binary values of no use for routing: %j", (type, values) => {
  for (const value of values) {
    const bytes = Buffer.from(value, "hex");
    hasher.start();
    expect([value, hasher.addBytes(type, 1, bytes, 0, bytes.length)]).toEqual([value, false]);
  }
});

test("integers of 2, 4 and 8 bytes and of text hash alike", () => {
  for (const value of [0, 1, -1, 300, -300, 32767, -32768]) {
    const id = keyspaceId(["integer"], [String(value)]);
    const bytes = Buffer.alloc(14);
    bytes.writeInt16BE(value, 0);
    bytes.writeInt32BE(value, 2);
    bytes.writeBigInt64BE(BigInt(value), 6);
    for (const [start, end] of [
      [0, 2],
      [2, 6],
      [6, 14],
    ] as const) {
      hasher.start();
      expect(hasher.addBytes("integer", 1, bytes, start, end)).toBe(true);
      expect([value, hasher.keyspaceId()]).toEqual([value, id]);
    }
  }
});
