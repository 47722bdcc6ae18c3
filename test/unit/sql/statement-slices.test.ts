// The rows of INSERT .. VALUES as pieces of its text.
import { beforeAll, describe, expect, test } from "vitest";
import { equalTrees } from "../../../src/sql/equal-trees.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { findInsertValues, sliceValues } from "../../../src/sql/statement-slices.ts";
import { randomExpression, rounds, seededRandom } from "./random.ts";

beforeAll(loadParser);

/** Head, rows with their fields, tail. */
function slices(text: string): unknown {
  const found = sliceValues(text, findInsertValues(text)!)!;
  return [
    found.head,
    found.rows.map(({ start, end, fields }) => [
      text.slice(start, end),
      fields.map((field) => text.slice(field.start, field.end)),
    ]),
    found.tail,
  ];
}

describe("INSERT .. VALUES in pieces", () => {
  test("rows and fields", () => {
    expect(slices("insert into t (a, b) values (1, 'x,(y'), ( f(2, (3)) , array[4, 5] ) returning a")).toEqual([
      "insert into t (a, b) values ",
      [
        ["(1, 'x,(y')", ["1", "'x,(y'"]],
        ["( f(2, (3)) , array[4, 5] )", ["f(2, (3))", "array[4, 5]"]],
      ],
      " returning a",
    ]);
  });

  test("comments between things belong to none of them", () => {
    expect(slices("insert into t values /* a */ (1 /* b */, /* c,( */ default) -- d)\n , (2, 3) /* e */")).toEqual([
      "insert into t values /* a */ ",
      [
        ["(1 /* b */, /* c,( */ default)", ["1", "default"]],
        ["(2, 3)", ["2", "3"]],
      ],
      " /* e */",
    ]);
  });

  test("VALUES of a WITH, of a subquery, and VALUES as a name are others", () => {
    expect(slices("with v as (values (1)) insert into values as values (a, b) values ((values (2)), 3)")).toEqual([
      "with v as (values (1)) insert into values as values (a, b) values ",
      [["((values (2)), 3)", ["(values (2))", "3"]]],
      "",
    ]);
    expect(slices('insert into "values" values (1) on conflict (a) do update set values = 2 returning values')).toEqual(
      ['insert into "values" values ', [["(1)", ["1"]]], " on conflict (a) do update set values = 2 returning values"],
    );
  });

  test("there may be no VALUES", () => {
    expect(findInsertValues("insert into t select 1")).toBeUndefined();
    expect(findInsertValues("insert into t default values")).toBeUndefined();
    expect(findInsertValues("insert into t values ('")).toBeUndefined();
  });
});

test("random rows put together again are the same statement", () => {
  const random = seededRandom(6);
  for (let round = 0; round < rounds(300); round++) {
    const rows = Array.from(
      { length: 1 + random.below(4) },
      () => `(${randomExpression(random, 2)}, ${randomExpression(random, 2)})`,
    );
    const text = `insert into t values ${rows.join(random.pick([",", " , ", "/* , */,"]))} returning a`;
    const before = treeOf(text);
    if (before === undefined) continue;
    const found = sliceValues(text, findInsertValues(text)!)!;
    expect(found.rows.map((row) => text.slice(row.start, row.end))).toEqual(rows);
    expect(found.rows.every((row) => row.fields.length === 2)).toBe(true);
    const joined = found.head + found.rows.map((row) => text.slice(row.start, row.end)).join(",") + found.tail;
    expect(equalTrees(treeOf(joined), before), text).toBe(true);
  }
});

function treeOf(text: string): unknown {
  try {
    return parse(text)[0]!.tree;
  } catch {
    return undefined;
  }
}
