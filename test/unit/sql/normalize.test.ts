// Keys and literals: what must be the same is, what must differ does, for written and for random statements.
import { beforeAll, describe, expect, test } from "vitest";
import { equalTrees } from "../../../src/sql/equal-trees.ts";
import type { LiteralKind } from "../../../src/sql/literal.ts";
import { type LiteralPlace, literalAt } from "../../../src/sql/literal-at.ts";
import { type Normalized, normalize } from "../../../src/sql/normalize.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { walk } from "../../../src/sql/walk.ts";
import { statements } from "./corpus.ts";
import { type Random, randomExpression, randomSoup, rounds, seededRandom } from "./random.ts";

beforeAll(loadParser);

describe("the key", () => {
  test.each([
    ["select * from t where id = 5", "select * from t where id = $i"],
    ["  select\t*\nfrom  t -- c\n where /* x */ id=5 ; ;", "select * from t where id=$i"],
    ["select 'a', 1, 9999999999, 1.5, 1e3, b'0', x'f', n'q'", "select $s, $i, $l, $f, $f, $b, $b, $n"],
    ["select E'a', $$a$$, $x$a$x$, 'a'\n'b', 'a' 'b'", "select $s, $s, $s, $s, $s $s"],
    ["select -5, - 5", "select -$i, - $i"],
    ["select a'x', $1'x'", "select a $s, $1 $s"],
    ["select 99999999999999999999, 0xFF, 0x7fffffffffffffff, 0x8000000000000000", "select $f, $i, $l, $f"],
    ['select "A b", "a""$s", A, a', 'select "A b", "a""$s", A, a'],
    ["select 1..2", "select $i..$i"],
    ["select 'é' as é", "select $s as é"],
    ["a+/**/-b", "a+ -b"],
    ["", ""],
    [" ; -- x", ""],
  ])("of %j is %j", (text, key) => {
    expect(normalize(text)?.key).toBe(key);
  });

  test.each([
    ["select a'x'", "select a$s"],
    ["select n'x'", "select n 'x'"],
    ["select 'a' 'b'", "select 'a'\n'b'"],
    ["select a b", "select ab"],
    ["select 1", "select 1.0"],
    ["select 1", "select 10000000000"],
    ["select '1'", "select 1"],
    ["select a- -1", "select a--1\n"],
    ["select 1;select 2", "select 1 select 2"],
    ['select "a b"', 'select "a  b"'],
    ["select '$s'", "select $1"],
    ["select a from t", "select A from t"],
  ])("of %j is not that of %j", (left, right) => {
    expect(normalize(left)!.key).not.toBe(normalize(right)!.key);
  });

  test.each([
    "select 'abc",
    'select "abc',
    "select /* abc",
    "select $x$ abc",
    "select $1a",
    "select 1a",
    "select {",
    "select U&'\\0061'",
    "select U&\"a\" uescape '!'",
    "select E'\\u12'",
    "select E'\\uD800'",
    "select E'\\xe9'",
    "select E'\\000'",
    "select E'\\U00110000'",
    'select ""',
  ])("is left to the parser for %j", (text) => {
    expect(normalize(text)).toBeUndefined();
  });
});

describe("literals", () => {
  test("have their values and their places", () => {
    const text =
      "select 'it''s', E'\\t\\x41\\101\\u00e9\\U0001F600\\q\\'''', $a$x'y$a$, n'z', b'01', X'1f', 'a' \n 'b' -- c\n'd'";
    const { literals } = normalize(text)!;
    expect(literals.map((literal) => [literal.kind, literal.text])).toEqual([
      ["string", "it's"],
      ["string", "\tAAé😀q''"],
      ["string", "x'y"],
      ["national", "z"],
      ["bits", "b01"],
      ["bits", "x1f"],
      ["string", "abd"],
    ]);
    expect(literals.map(({ start, end }) => text.slice(start, end))).toEqual([
      "'it''s'",
      "E'\\t\\x41\\101\\u00e9\\U0001F600\\q\\''''",
      "$a$x'y$a$",
      "'z'",
      "b'01'",
      "X'1f'",
      "'a' \n 'b' -- c\n'd'",
    ]);
  });

  test.each<[string, LiteralKind, string]>([
    ["0", "integer", "0"],
    ["007", "integer", "7"],
    ["05", "integer", "5"],
    ["1_000", "integer", "1000"],
    ["0x_ff", "integer", "255"],
    ["0o17", "integer", "15"],
    ["0B11", "integer", "3"],
    ["2147483647", "integer", "2147483647"],
    ["2147483648", "bigint", "2147483648"],
    ["0xFFFFFFFF", "bigint", "4294967295"],
    ["9223372036854775807", "bigint", "9223372036854775807"],
    ["9223372036854775808", "numeric", "9223372036854775808"],
    ["1_0.5_0", "numeric", "10.50"],
    ["1e-3", "numeric", "1e-3"],
  ])("%s is of kind %s with text %s", (text, kind, value) => {
    const [literal] = normalize(`select ${text}`)!.literals;
    expect([literal!.kind, literal!.text]).toEqual([kind, value]);
  });
});

describe("several statements in one text", () => {
  test.each([
    ["select 1", false],
    ["select 1;", false],
    ["select ';' ; -- x\n ;", false],
    ["select 1; select 2", true],
    ["; select 2", true],
    ["create function f() returns int begin atomic select 1; end", true],
  ])("%j: %j", (text, isMulti) => {
    expect(normalize(text)!.isMulti).toBe(isMulti);
  });

  test("a text without statements says so", () => {
    expect(normalize(" ; /* x */ ")!.isEmpty).toBe(true);
    expect(normalize("select")!.isEmpty).toBe(false);
  });

  test("the highest parameter is known", () => {
    expect(normalize("select $2, $10, '$11'")!.parameterMax).toBe(10);
    expect(normalize("select 1")!.parameterMax).toBe(0);
  });
});

describe("the literal of a constant in the tree", () => {
  test.each([
    ["select 5", 7, { slot: 0, negated: false }],
    ["select -5", 7, { slot: 0, negated: true }],
    ["select - /* x */ ( -- y\n 5)", 7, { slot: 0, negated: true }],
    ["select - -5", 7, { slot: 0, negated: false }],
    ["select 'é😀', 5", 17, { slot: 1, negated: false }],
    ["select a, 5", 7, undefined],
    ["select true, 5", 7, undefined],
    ["select (5)", 7, undefined],
    ["select 5", -1, undefined],
    ["select 5", 100, undefined],
  ])("of %j at %i", (text, location, place) => {
    expect(literalAt(normalize(text)!, location)).toEqual(place);
  });

  test("is found for every constant of the written statements", () => {
    for (const text of statements) {
      const normalized = normalize(text);
      if (normalized === undefined) continue;
      for (const { value, place } of constants(text, normalized)) {
        expect(place && valueAt(normalized, place), text).toBe(value);
      }
    }
  });
});

describe("for random statements", () => {
  test("other literals of the same kinds give the same key, and it is the same shape of tree", () => {
    const random = seededRandom(2);
    for (let round = 0; round < rounds(2_000); round++) {
      const text = `select ${randomExpression(random, 3)}`;
      const normalized = normalize(text)!;
      const changed = withOtherLiterals(text, normalized, random);
      expect(normalize(changed)!.key, text).toBe(normalized.key);
      expect(accepts(changed), changed).toBe(accepts(text));
    }
  });

  test("the same key and the same literals are the same tree", () => {
    const random = seededRandom(3);
    for (let round = 0; round < rounds(2_000); round++) {
      const text = `select ${randomExpression(random, 3)}`;
      if (!accepts(text)) continue;
      const spaced = withOtherSpace(text, random);
      expect(normalize(spaced)!.key, spaced).toBe(normalize(text)!.key);
      expect(sameTree(spaced, text), spaced).toBe(true);
    }
  });

  test("soups with the same key and literals are the same to PostgreSQL", () => {
    const random = seededRandom(4);
    const seen = new Map<string, string>();
    for (let round = 0; round < rounds(20_000); round++) {
      const text = `select ${randomSoup(random)}`;
      const normalized = normalize(text);
      if (normalized === undefined) continue;
      const identity = JSON.stringify([normalized.key, normalized.literals.map((literal) => literal.text)]);
      const twin = seen.get(identity);
      if (twin === undefined) seen.set(identity, text);
      else if (twin !== text) expect(sameTree(text, twin), `${text} | ${twin}`).toBe(true);
    }
  });
});

function sameTree(left: string, right: string): boolean {
  const trees = [left, right].map((text) => {
    try {
      return parse(text).map(({ tree }) => tree);
    } catch {
      return "error";
    }
  });
  return equalTrees(trees[0], trees[1]);
}

function accepts(text: string): boolean {
  try {
    return parse(text).length === 1;
  } catch {
    return false;
  }
}

/** Every constant that stands in the text as a literal. */
function constants(text: string, normalized: Normalized): { value: string; place: LiteralPlace | undefined }[] {
  const found: { value: string; place: LiteralPlace | undefined }[] = [];
  walk(parse(text)[0]!.tree, (type, node) => {
    if (type !== "A_Const") return;
    const constant = node as {
      ival?: { ival?: number };
      fval?: { fval: string };
      sval?: { sval?: string };
      bsval?: { bsval: string };
      location?: number;
    };
    const { location = 0 } = constant;
    // The grammar makes constants of its own where a clause is left out, and of words like YEAR.
    if (location < 0 || !/^([a-z]'|[^a-z])/i.test(Buffer.from(text).subarray(location).toString())) return;
    const place = literalAt(normalized, location);
    if (constant.ival !== undefined) found.push({ value: String(constant.ival.ival ?? 0), place });
    if (constant.fval !== undefined) found.push({ value: decimal(constant.fval.fval), place });
    if (constant.bsval !== undefined) found.push({ value: constant.bsval.bsval, place });
    if (constant.sval !== undefined) found.push({ value: constant.sval.sval ?? "", place });
  });
  return found;
}

function valueAt(normalized: Normalized, { slot, negated }: LiteralPlace): string {
  const { kind, text } = normalized.literals[slot]!;
  const value = kind === "integer" ? String(Number(text)) : text;
  return negated ? `-${value}` : value;
}

function decimal(digits: string): string {
  return digits.replaceAll("_", "");
}

function withOtherLiterals(text: string, { literals }: Normalized, random: Random): string {
  let changed = "";
  let from = 0;
  for (const { kind, start, end } of literals) {
    changed += text.slice(from, start) + random.pick(samples[kind]);
    from = end;
  }
  return changed + text.slice(from);
}

const samples: Readonly<Record<LiteralKind, readonly string[]>> = {
  string: ["''", "'é'", "'a''b'", "E'\\n\\''", "$$;$$", "'two'\n'parts'", "$a$ -- $a$"],
  national: ["''", "'x'"],
  bits: ["b''", "B'1'", "x'ff'"],
  integer: ["0", "2147483647", "0x1", "1_0"],
  bigint: ["2147483648", "9223372036854775807"],
  numeric: ["1.5", ".5", "1e10", "99999999999999999999"],
};

/** Blanks become newlines and comments. */
function withOtherSpace(text: string, random: Random): string {
  const literals = normalize(text)!.literals;
  return text.replace(/ /g, (blank, offset: number) => {
    const isInside = literals.some(({ start, end }) => start < offset && offset < end);
    return isInside || text.includes('"') ? blank : random.pick([" ", "\n", "\t ", " /* x */ ", " --\n", "/**/"]);
  });
}
