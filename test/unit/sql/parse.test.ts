// Statements, their slices, and errors. The errors are those that PostgreSQL 18.4 gives for the same texts.
import { beforeAll, describe, expect, test } from "vitest";
import { SqlError } from "../../../src/pgwire/sql-error.ts";
import { equalTrees } from "../../../src/sql/equal-trees.ts";
import { loadParser, parse, positionInWhole } from "../../../src/sql/parse.ts";
import { statements } from "./corpus.ts";

beforeAll(loadParser);

describe("slices", () => {
  test("are the statements without what is around them", () => {
    const text = " /* é */ select 'é' ; ;-- c\n select 2 -- d\n; insert into t values (';')  ";
    const parsed = parse(text);
    expect(parsed.map((statement) => statement.text)).toEqual([
      "select 'é'",
      "select 2 -- d",
      "insert into t values (';')",
    ]);
    for (const { start, end, text: slice } of parsed) expect(text.slice(start, end)).toBe(slice);
  });

  test("have trees whose locations count from their own beginnings", () => {
    const text = "select 'é', 1; select 'é', a";
    const [first, second] = parse(text);
    expect(first!.tree).toEqual(parse("select 'é', 1")[0]!.tree);
    expect(second!.tree).toEqual(parse("select 'é', a")[0]!.tree);
  });

  test("one statement keeps its text, also the comment at its end", () => {
    expect(parse("select 1 -- c")).toMatchObject([{ text: "select 1 -- c", start: 0, end: 13 }]);
  });

  test("semicolons inside of statements do not divide them", () => {
    const body = "create function f() returns int begin atomic select 1; select 2; end";
    const rule = "create rule r as on insert to t do also (insert into u values (1); delete from v)";
    expect(parse(`${body}; ${rule};`).map(({ text }) => text)).toEqual([body, rule]);
  });

  test.each(["", " ", ";", " ; -- c\n ;", "/* c */"])("%j has no statements", (text) => {
    expect(parse(text)).toEqual([]);
  });

  test("characters that only JavaScript takes for white space belong to names", () => {
    expect(parse("select 1 as a\u00a0;")[0]!.text).toBe("select 1 as a\u00a0");
  });

  test("a position in a slice has its place in the whole", () => {
    const text = "select 'é😀'; select 2";
    const [, second] = parse(text);
    expect(positionInWhole(text, second!.start, 8)).toBe(21);
  });
});

describe("errors are PostgreSQL's", () => {
  test.each([
    ["select 'é', foo bar baz", "42601", 'syntax error at or near "baz"', 21],
    ["-- é\n/* é */ select é é é", "42601", 'syntax error at or near "é"', 25],
    ["select 1; select é b c", "42601", 'syntax error at or near "c"', 22],
    ["  /* é */ select /* é */ 1 /* é */ +", "42601", "syntax error at end of input", 37],
    ["select 'abc", "42601", 'unterminated quoted string at or near "\'abc"', 8],
    ["select $1a", "42601", 'trailing junk after parameter at or near "$1a"', 8],
    ["select '$1a', $2b", "42601", 'trailing junk after parameter at or near "$2b"', 15],
    ["select 1; set x to $1", "42601", 'syntax error at or near "$1"', 20],
    ["select $99999999999", "42601", 'parameter number too large at or near "$99999999999"', 8],
    ["select e'\\u12'", "22025", "invalid Unicode escape", 10],
    ["select U&'\\zz'", "42601", "invalid Unicode escape", 11],
    ["select E'\\xe9'", "22021", 'invalid byte sequence for encoding "UTF8": 0xe9', undefined],
    ["create role public", "42939", 'role name "public" is reserved', 13],
    ["create assertion a check (true)", "0A000", "CREATE ASSERTION is not yet implemented", 1],
    ["select sum(x) over (rows unbounded following)", "42P20", "frame start cannot be UNBOUNDED FOLLOWING", 26],
    ["select 1::float(0)", "22023", "precision for type float must be at least 1 bit", 17],
    ["alter table t alter constraint c not valid", "0A000", "constraints cannot be altered to be NOT VALID", 34],
    ["select 'a\0b'", "22021", 'invalid byte sequence for encoding "UTF8": 0x00', undefined],
  ])("for %j", (text, code, message, position) => {
    const { fields } = errorOf(text);
    expect([fields.code, fields.message, fields.position]).toEqual([code, message, position]);
  });

  test("with their hints and details", () => {
    expect(errorOf("select 1 limit 1, 2").fields).toMatchObject({
      code: "42601",
      hint: "Use separate LIMIT and OFFSET clauses.",
    });
    expect(errorOf("create publication p for a").fields.detail).toMatch(/^One of TABLE or TABLES IN SCHEMA/);
    expect(errorOf("select e'\\u12'").fields.hint).toBe("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.");
    expect(errorOf("select U&'\\zz'").fields.hint).toBe("Unicode escapes must be \\XXXX or \\+XXXXXX.");
  });
});

describe("comments do not disturb the grammar", () => {
  test("between words that belong together, and between the parts of a string", () => {
    for (const text of [
      "select a not --\n in (1) order by b nulls /* é */ first",
      "select a::timestamp with /* x */ time /* y */ zone from f() with --\n ordinality",
      "select 'a' -- é\n 'b', E'\\'' --it's\n -- x\n '\\n', U&'!0061' /* x */ uescape '!'",
    ]) {
      const plain = text.replace(/--.*\n/g, "\n").replace(/\/\*.*?\*\//g, "");
      expect(equalTrees(parse(text)[0]!.tree, parse(plain)[0]!.tree), text).toBe(true);
    }
  });

  test("and locations count with them", () => {
    expect(JSON.stringify(parse("select /* é */ 'a' --é\n 'b', 5"))).toContain('"ival":{"ival":5},"location":31');
  });

  test("in whatever place of the written statements they stand", () => {
    for (const text of statements) {
      if (/['"$]/.test(text)) continue;
      const commented = text.replace(/ /g, " /* é */ ");
      expect(
        parse(commented).map(({ tree }) => tree),
        text,
      ).toSatisfy((trees: unknown) =>
        equalTrees(
          trees,
          parse(text).map(({ tree }) => tree),
        ),
      );
    }
  });
});

describe("statements that nest very deep", () => {
  const deep: readonly (readonly [string, (levels: number) => string])[] = [
    ["sums", (levels) => `select ${"1 + ".repeat(levels)}1`],
    ["subqueries", (levels) => `${"select (".repeat(levels)}select 1${")".repeat(levels)}`],
    ["unions", (levels) => `select 1${" union select 1".repeat(levels)}`],
    ["casts", (levels) => `select 1${"::int".repeat(levels)}`],
    ["functions", (levels) => `select ${"f(".repeat(levels)}1${")".repeat(levels)}`],
    ["parentheses", (levels) => `select ${"(".repeat(levels)}1${")".repeat(levels)}`],
  ];

  test.each(deep)("%s: an error, and the parser works on", async (_name, text) => {
    for (let round = 0; round < 30; round++) {
      expect(["54001", "42601"]).toContain(errorOf(text(50_000)).fields.code);
      expect(parse("select 1")).toHaveLength(1);
      if (round % 3 === 0) await new Promise(setImmediate);
    }
  });

  test.each(deep)("%s of 500 levels are fine", (_name, text) => {
    expect(parse(text(500))).toHaveLength(1);
  });
});

test("parsing leaves no memory behind", () => {
  for (let round = 0; round < 2_000; round++) parse(`select a, b from t where id = ${round}`);
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 30_000; round++) {
    parse(`select a, b from t where id = ${round}`);
    if (round % 10 === 0) errorOf(`select a, b from t where id = '${round}`);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
});

function errorOf(text: string): SqlError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}
