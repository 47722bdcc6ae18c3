// Our lexer against PostgreSQL's scanner, token by token: written statements, texts cut off anywhere, random soups.
import { beforeAll, describe, expect, test } from "vitest";
import { byteOffsets } from "../../../src/sql/byte-offsets.ts";
import { lex } from "../../../src/sql/lexer.ts";
import { loadParser } from "../../../src/sql/parse.ts";
import { scanWithPostgres } from "../../../src/sql/parser.ts";
import { TokenKind } from "../../../src/sql/token-kind.ts";
import { statements } from "./corpus.ts";
import { randomSoup, rounds, seededRandom } from "./random.ts";

beforeAll(loadParser);

const nasty = [
  "select 'it''s', E'a\\'b''c\\\\', $$x$y$$, $t$ $$ $t$, N'n', B'01', x'Ff', U&'\\0061' uescape '!', U&\"d\\0061\", \"a\"\"b\"",
  "select 'a' \n 'b' -- c\n , /* a /* b */ c */ 1.5e-3 :: int, a=-1, b@-2, c<--comment\n d, e*/*x*/f, $12, é日😀",
  "1..2 .5 1. 1e5 1_000 0xFf 0o17 0b101 a.b ..c :=d =>e <=f >=g <>h !=i ->j ->>k",
  "insert into t values (1, 'x;y', $$;$$); select \"a;b\"; -- ;\n /* ; */",
];

describe("the lexer agrees with PostgreSQL's scanner", () => {
  test.each([
    ["the written statements", statements],
    ["nasty statements", nasty],
    ["nasty statements cut off anywhere", nasty.flatMap(prefixes)],
    ["nasty statements begun anywhere", nasty.flatMap(suffixes)],
    ["numbers with something behind them", numbers()],
    ["operators of up to four characters", operators()],
  ])("on %s", (_name, texts) => {
    for (const text of texts) expect(ours(text), text).toEqual(postgres(text));
  });

  test("on random soups of fragments", () => {
    const random = seededRandom(1);
    for (let round = 0; round < rounds(20_000); round++) {
      const text = randomSoup(random);
      if (/'\s*--/.test(text)) continue;
      expect(ours(text), text).toEqual(postgres(text));
    }
  });
});

describe("where libpg-query's scanner is not PostgreSQL's", () => {
  test("strings with a newline and a comment between them are one", () => {
    expect(ours("'a' -- x\n 'b'")).toEqual([[0, 13]]);
    expect(ours("E'a\\'' -- it's\n --\n '\\'b' c")).toEqual([
      [0, 25],
      [26, 27],
    ]);
    expect(ours("'a' -- x")).toEqual([[0, 3]]);
    expect(ours("'a' /* x */\n 'b'")).toEqual([
      [0, 3],
      [13, 16],
    ]);
  });

  test("letters behind a parameter are an error", () => {
    expect(lex("select $1a")).toBeUndefined();
    expect(lex("select $1 a")).toBeDefined();
  });
});

describe("kinds", () => {
  test.each([
    ["abc", TokenKind.word],
    ['"abc"', TokenKind.quotedWord],
    ['u&"abc"', TokenKind.unicodeWord],
    ["'x'", TokenKind.string],
    ["e'x'", TokenKind.escapeString],
    ["U&'x'", TokenKind.unicodeString],
    ["n'x'", TokenKind.nationalString],
    ["$a$x$a$", TokenKind.dollarString],
    ["b'0'", TokenKind.bitString],
    ["X'0'", TokenKind.hexString],
    ["0x1F", TokenKind.integer],
    ["1.", TokenKind.numeric],
    ["1e5", TokenKind.numeric],
    [".5", TokenKind.numeric],
    ["$1", TokenKind.parameter],
    ["::", TokenKind.symbol],
    ["=>", TokenKind.symbol],
    ["=", TokenKind.operator],
    [">=", TokenKind.operator],
  ])("%s", (text, kind) => {
    const tokens = lex(text)!;
    expect([tokens.count, tokens.kinds[0]]).toEqual([1, kind]);
  });
});

test("a text of very many tokens is lexed, and short ones after it", () => {
  expect(lex("a,".repeat(300_000))!.count).toBe(600_000);
  expect(lex("a")!.count).toBe(1);
});

/** Start and end of every token; undefined for an error. */
function ours(text: string): number[][] | undefined {
  const tokens = lex(text);
  if (tokens === undefined) return undefined;
  const extents: number[][] = [];
  for (let index = 0; index < tokens.count; index++) {
    const start = tokens.starts[index]!;
    const end = tokens.ends[index]!;
    // PostgreSQL: the keyword NCHAR and a string.
    if (tokens.kinds[index] === TokenKind.nationalString) extents.push([start, start + 1], [start + 1, end]);
    else extents.push([start, end]);
  }
  return extents;
}

function postgres(text: string): number[][] | undefined {
  const answer = scanWithPostgres(text);
  if (!answer.startsWith("{")) return undefined;
  // It leaves control characters as they are, which is no JSON.
  const { tokens } = JSON.parse(escapeControls(answer)) as {
    tokens: { start: number; end: number; text: string; tokenName: string }[];
  };
  const offsets = byteOffsets(text);
  // Characters that begin no token are tokens to the scanner; the grammar refuses them.
  if (tokens.some((token) => token.end - token.start === 1 && "{}$\\\u0001".includes(token.text))) return undefined;
  // See "where libpg-query's scanner is not PostgreSQL's".
  if (tokens.some((token, index) => token.tokenName === "PARAM" && isJunk(tokens, index))) return undefined;
  return tokens
    .filter(({ tokenName }) => tokenName !== "SQL_COMMENT" && tokenName !== "C_COMMENT")
    .map(({ start, end }) => [offsets.toUtf16(start), offsets.toUtf16(end)]);
}

function escapeControls(json: string): string {
  return Array.from(json, (character) => (character < " " ? JSON.stringify(character).slice(1, -1) : character)).join(
    "",
  );
}

function isJunk(tokens: { start: number; end: number; text: string }[], index: number): boolean {
  const next = tokens[index + 1];
  return next !== undefined && next.start === tokens[index]!.end && /^[A-Za-z_\u0080-\uffff]/.test(next.text);
}

function prefixes(text: string): string[] {
  return Array.from(text, (_, index) =>
    Array.from(text)
      .slice(0, index + 1)
      .join(""),
  );
}

function suffixes(text: string): string[] {
  return Array.from(text, (_, index) => Array.from(text).slice(index).join(""));
}

function numbers(): string[] {
  const begins = [
    "1",
    "0",
    "00",
    "1_2",
    "1.",
    "1.5",
    ".5",
    "1e5",
    "1e+5",
    "1.5e-5",
    "0x1",
    "0o7",
    "0b1",
    "0x",
    "1_",
    "1__2",
    "$1",
  ];
  const ends = [
    "",
    " ",
    ".",
    "..",
    "...",
    ".5",
    "..5",
    "e",
    "e+",
    "e5",
    "E5",
    "_",
    "_1",
    "a",
    "$",
    "$1",
    "é",
    "x1",
    "-1",
    "::int",
    "e5$",
    "e5$1",
    "e+5$1",
    "'x'",
    "(",
    ";",
  ];
  return begins.flatMap((begin) => ends.map((end) => begin + end));
}

function operators(): string[] {
  const characters = Array.from("+-*/<>=~@?|:.");
  const pairs = characters.flatMap((first) => characters.map((second) => first + second));
  return pairs.flatMap((first) => [first, ...pairs.map((second) => `a ${first}${second} b`)]);
}
