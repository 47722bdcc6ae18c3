// The small parts that COPY is made of.
import { describe, expect, test } from "vitest";
import { withClientLine } from "../../../src/executor/copy-line-number.ts";
import { ShardRowSink } from "../../../src/executor/copy-row-sink.ts";
import { ShardLines } from "../../../src/executor/copy-shard-lines.ts";
import { isSurelyInvalid } from "../../../src/executor/surely-invalid.ts";
import { unescapeText } from "../../../src/executor/unescape-text.ts";
import { encodeFields, ShardError } from "../../../src/pgwire/error-fields.ts";
import { backend } from "../../../src/pgwire/message-type.ts";
import type { ShardKeyType } from "../../../src/sharding/shard-key-type.ts";

test.each([
  ["a\\tb\\n\\\\\\N\\.\\\t", "a\tb\n\\N.\t"],
  ["\\0\\12\\1234\\778", "\0\n\x534\x3f8"],
  ["\\x4\\x41\\x414\\xg\\X41", "\x04AA4xgX41"],
  ["\\b\\f\\v\\r", "\b\f\v\r"],
  ["x\\", "x\\"],
])("the escapes of %j are read as PostgreSQL reads them", (written, value) => {
  const bytes = Buffer.from(`<${written}>`, "latin1");
  expect(unescapeText(bytes, 1, bytes.length - 1).toString("latin1")).toBe(value);
});

describe("a value that cannot be hashed", () => {
  const check = (type: ShardKeyType, value: string, format: 0 | 1 = 0) => {
    const bytes = Buffer.from(value);
    return isSurelyInvalid(type, format, bytes, 0, bytes.length);
  };

  test.each([
    ["integer", "5.5"],
    ["integer", ""],
    ["integer", "99999999999999999999"],
    ["integer", "one"],
    ["uuid", "x"],
    ["bool", "maybe"],
    ["bytea", "\\xg"],
    ["numeric", "many"],
  ] as const)("of type %s, %j, is certainly an error", (type, value) => expect(check(type, value)).toBe(true));

  test.each([
    ["integer", "0x1F"],
    ["integer", " -1_000 "],
    ["integer", "0b11"],
    ["numeric", "0x1F"],
    ["numeric", "1_000.5"],
    ["numeric", "1e2000"],
    ["numeric", "infinity"],
    ["date", "1/2/2024"],
    ["timestamptz", "2024-01-01 00:00"],
    ["timestamp", "now"],
  ] as const)("of type %s, %j, may mean something", (type, value) => expect(check(type, value)).toBe(false));

  test("in binary is an error", () => {
    for (const type of ["integer", "date", "timestamp", "timestamptz"] as const) expect(check(type, "x", 1)).toBe(true);
    expect(check("numeric", "x", 1)).toBe(false);
  });
});

test("lines of a shard are lines of the client's data, as long as they are remembered", () => {
  const lines = new ShardLines();
  for (let i = 0; i < 40_000; i++) {
    lines.beginRun(3 * i + 1);
    lines.count += 2;
  }
  expect(lines.clientLine(80_000)).toBe(3 * 39_999 + 2);
  expect(lines.clientLine(79_999)).toBe(3 * 39_999 + 1);
  expect(lines.clientLine(60_001)).toBe(3 * 30_000 + 1);
  expect(lines.clientLine(100)).toBeUndefined();
});

test("an error's line number is the client's, or left out", () => {
  const error = (context: string) =>
    new ShardError(
      encodeFields(
        backend.errorResponse,
        new Map([
          ["C", "22P02"],
          ["W", context],
        ]),
      ),
    );
  const context = (before: string, line: number | undefined) =>
    (withClientLine(error(before), () => line) as ShardError).raw.get("W");
  expect(context('COPY t, line 3, column k: "x"', 17)).toBe('COPY t, line 17, column k: "x"');
  expect(context('COPY t, line 3, column k: "x"', undefined)).toBe('COPY t, column k: "x"');
  expect(context("COPY t, Zeile 3", 17)).toBe("COPY t, Zeile 17");
  expect(context('PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 3: "x"', 17)).toBe(
    'PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 17: "x"',
  );
  const other = new Error("x");
  expect(withClientLine(other, () => 1)).toBe(other);
});

test("consecutive rows of a shard stay together, and count as lines of their own", () => {
  const sent: string[] = [];
  const sink = new ShardRowSink(
    2,
    (shard, message) => sent.push(`${shard}:${message.toString("latin1", 5)}`),
    () => {},
  );
  const bytes = Buffer.from("aabbcc");
  sink.everywhere(Buffer.from("h"), 0, 1, true);
  sink.row(1, bytes, 0, 2, false);
  sink.row(1, bytes, 2, 4, false);
  sink.row(0, bytes, 4, 5, true);
  sink.release();
  sink.row(0, bytes, 5, 6, false);
  sink.flush();
  expect(sent).toEqual(["0:hcc", "1:haabb"]);
  expect([sink.clientLine(1, 2), sink.clientLine(1, 3), sink.clientLine(0, 2)]).toEqual([2, 3, 4]);
  sink.forgetLines();
  expect(sink.clientLine(1, 2)).toBeUndefined();
});
