// The text of the expression: it stands in publications, triggers and diffs, so a change of it is a change of format.
import { expect, test } from "vitest";
import { bucketExpression } from "../../../src/sharding/bucket-expression.ts";

test.each([
  [[{ quotedName: "id", type: "integer" }], "((hashint8extended(id::int8, 0) >> 50) & 16383)"],
  [[{ quotedName: '"Name"', type: "text" }], '((hashbpcharextended("Name"::bpchar, 0) >> 50) & 16383)'],
  [[{ quotedName: "u", type: "uuid" }], "((uuid_hash_extended(u, 0) >> 50) & 16383)"],
  [[{ quotedName: "n", type: "numeric" }], "((hash_numeric_extended(n, 0) >> 50) & 16383)"],
  [[{ quotedName: "d", type: "date" }], "((hash_record_extended(ROW(d), 0) >> 50) & 16383)"],
  [
    [
      { quotedName: "NEW.a", type: "integer" },
      { quotedName: "NEW.b", type: "bpchar" },
      { quotedName: "NEW.c", type: "bool" },
    ],
    "((hash_record_extended(ROW(NEW.a::int8, NEW.b::bpchar, NEW.c), 0) >> 50) & 16383)",
  ],
] as const)("%j", (columns, expression) => {
  expect(bucketExpression(columns)).toBe(expression);
});

test("a shard key has a column", () => {
  expect(() => bucketExpression([])).toThrow("a shard key has at least one column");
});
