// Names and constants as SQL text, as quote_ident, quote_literal and regclass of PostgreSQL 18 have them.
import { expect, test } from "vitest";
import {
  foldIdentifier,
  parseQualifiedName,
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from "../../../src/sql/names.ts";

test.each([
  ["a", "a"],
  ["_a1", "_a1"],
  ["A", '"A"'],
  ["1a", '"1a"'],
  ["a b", '"a b"'],
  ['a"b', '"a""b"'],
  ["a$", '"a$"'],
  ["é", '"é"'],
  ["", '""'],
  ["select", '"select"'],
  ["int", '"int"'],
  ["left", '"left"'],
  ["value", "value"],
  ["name", "name"],
  ["user", '"user"'],
])("%s is quoted as %s", (name, quoted) => {
  expect(quoteIdentifier(name)).toBe(quoted);
});

test.each([
  ["a", "'a'"],
  ["it's", "'it''s'"],
  ["a\\b'", "E'a\\\\b'''"],
  ["", "''"],
])("the string %j is quoted as %s", (value, quoted) => {
  expect(quoteLiteral(value)).toBe(quoted);
});

test("a name with its schema", () => {
  expect(quoteQualified("S", "t")).toBe('"S".t');
  expect(quoteQualified(undefined, "T")).toBe('"T"');
});

test.each([
  ["t", ["t"]],
  [" Foo . BAR ", ["foo", "bar"]],
  ['"Foo" . "b""ar"', ["Foo", 'b"ar']],
  ['"a.b".c', ["a.b", "c"]],
  ["a-b", ["a-b"]],
  ["1a", ["1a"]],
  ["É", ["É"]],
  ['""', [""]],
  ["a.b.c", ["a", "b", "c"]],
  [`${"a".repeat(70)}.b`, ["a".repeat(63), "b"]],
])("%j is read as %j, as regclass reads it", (text, parts) => {
  expect(parseQualifiedName(text)).toEqual(parts);
});

test.each(["", " ", ".", "a.", "a..b", ".a", "a b", '"a', '"a"b', "a\tb"])("%j is no name", (text) => {
  expect(() => parseQualifiedName(text)).toThrow("invalid name syntax");
});

test("names without quotes become small, in ASCII only, and at most 63 bytes long", () => {
  expect(foldIdentifier("SELECT_Ä")).toBe("select_Ä");
  expect(foldIdentifier("É".repeat(40))).toBe("É".repeat(31));
  expect(foldIdentifier("日".repeat(30))).toBe("日".repeat(21));
});
