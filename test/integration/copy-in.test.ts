// COPY over three shards loads what one PostgreSQL loads from the same data, each row on the shard of its key; and what
// one PostgreSQL refuses is refused, with nothing left behind.
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { copyIn } from "../../src/executor/copy-in.ts";
import type { CopyInput } from "../../src/executor/copy-input.ts";
import { ShardError } from "../../src/pgwire/error-fields.ts";
import { SqlError } from "../../src/pgwire/sql-error.ts";
import type { CopyFormat, CopyInPlan } from "../../src/planner/plan.ts";
import { bucketExpression } from "../../src/sharding/bucket-expression.ts";
import { seededRandom } from "../support/random.ts";
import { RecordingSink, ThreeShards } from "../support/three-shards.ts";

let shards: ThreeShards;
/** One PostgreSQL, to compare with: another database of the first server. */
let single: pg.Client;

beforeAll(async () => {
  shards = await ThreeShards.start();
  await shards.clients[0]!.query("CREATE DATABASE single");
  single = new pg.Client({ connectionString: shards.servers[0]!.connectionString.replace(/postgres$/, "single") });
  await single.connect();
  const ddl = "CREATE TABLE t (k int NOT NULL, v text, w text)";
  await shards.everywhere(ddl);
  await single.query(ddl);
});

afterAll(async () => {
  await single?.end();
  await shards?.stop();
});

beforeEach(async () => {
  await shards.everywhere("TRUNCATE t");
  await single.query("TRUNCATE t");
});

const text: CopyFormat = { kind: "text", delimiter: "\t", null: "\\N", quote: '"', escape: '"', header: false };
const csv: CopyFormat = { ...text, kind: "csv", delimiter: ",", null: "" };
const binary: CopyFormat = { ...text, kind: "binary" };

function planOf(format: CopyFormat): CopyInPlan {
  return {
    kind: "copy-in",
    into: "distributed",
    types: ["integer"],
    stored: { schema: "public", relation: "t", columns: [{ name: "k", lengthMax: undefined }] },
    keyColumns: [0],
    fieldCount: 3,
    format,
  };
}

class Input implements CopyInput {
  started: string | undefined;
  #chunks: readonly Buffer[];
  #end: Promise<void>;

  /** `end` resolves when the client sends CopyDone; rejects at CopyFail. */
  constructor(chunks: readonly Buffer[], end: Promise<void> = Promise.resolve()) {
    this.#chunks = chunks;
    this.#end = end;
    end.catch(() => {});
  }
  start(format: 0 | 1, columns: number): void {
    this.started = `${format}:${columns}`;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    yield* this.#chunks;
    await this.#end;
  }
}

/** In pieces of a size that leaves nothing whole. */
function pieces(data: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < data.length; at += size) chunks.push(data.subarray(at, at + size));
  return chunks;
}

/** COPY into one PostgreSQL; the answer, or the error. */
function copyIntoSingle(sql: string, data: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = (
      single as unknown as { connection: pg.Connection & { sendCopyFromChunk(b: Buffer): void; endCopyFrom(): void } }
    ).connection;
    single.query({
      submit() {
        connection.query(sql);
      },
      handleCopyInResponse() {
        connection.sendCopyFromChunk(data);
        connection.endCopyFrom();
      },
      handleCommandComplete(message: { text: string }) {
        resolve(message.text);
      },
      handleReadyForQuery() {},
      handleError: reject,
    } as unknown as pg.Submittable);
  });
}

const bucketSql = bucketExpression([{ quotedName: "k", type: "integer" }]);

/** `isSameError`: with several errors in the data, shards may find another one first. */
async function compare(sql: string, format: CopyFormat, data: Buffer, size: number, isSameError = true): Promise<void> {
  await shards.everywhere("TRUNCATE t");
  await single.query("TRUNCATE t");
  const wanted = await copyIntoSingle(sql, data).catch((error: pg.DatabaseError) => error);
  const input = new Input(pieces(data, size));
  const got = await shards
    .inTransaction(() => copyIn(planOf(format), shards.execution(sql, new RecordingSink()), input))
    .catch((error: unknown) => error);
  if (typeof wanted === "string") {
    expect(got, JSON.stringify(data.toString())).toBe(wanted);
  } else {
    expect(got, `${wanted.message}: ${JSON.stringify(data.toString())}`).toBeInstanceOf(SqlError);
    if (isSameError)
      expect((got as SqlError).fields, JSON.stringify(data.toString())).toMatchObject({ code: wanted.code });
  }
  const loaded = await shards.rows(`SELECT k, v, w, ${bucketSql} FROM t`);
  for (const [shard, rows] of loaded.entries()) {
    for (const row of rows) expect(shards.ownerOf(Number(row.pop()))).toBe(shard);
  }
  const { rows } = await single.query({ text: "SELECT k::text, v, w FROM t", rowMode: "array" });
  const sorted = (all: unknown[]) => all.map((row) => JSON.stringify(row)).sort();
  expect(sorted(loaded.flat())).toEqual(sorted(rows));
}

const crlf = (data: string) => data.replaceAll("\n", "\r\n");
const plain = Array.from({ length: 40 }, (_, i) => `${i}\tvalue ${i}\t\\N\n`).join("");
const textCases: readonly (readonly [string, string])[] = [
  ["plain rows", plain],
  ["carriage return and newline", crlf(plain)],
  ["carriage return", plain.replaceAll("\n", "\r")],
  ["no line end at the end", "1\ta\tb\n2\tc\td"],
  ["nothing", ""],
  ["escapes", "1\ta\\tb\t\\\\.\n2\t\\x41\\101\\b\t\\\\N\n3\t\\\n\t\\\r\n\\x34\ta\tb\n\\065\tc\td\n"],
  ["escaped newlines", "1\ta\\\nb\t\\\\\n2\tb\\\\\\\nc\t\\\\\\\\\n"],
  ["the end marker", "1\ta\tb\n\\.\n2\tc\td\n"],
  ["the end marker at once", "\\.\n"],
  ["the end marker with another line end", "1\ta\tb\n\\.\r\n"],
  ["the end marker without a line end", "1\ta\tb\n\\."],
  ["the end marker and more", "1\ta\tb\n\\.x\n"],
  ["the end marker behind data", "1\ta\tb\n2\tc\td\\.\n"],
  ["mixed line ends", "1\ta\tb\n2\tc\td\r\n"],
  ["mixed line ends, otherwise", "1\ta\tb\r\n2\tc\td\n3\te\tf\n"],
  ["carriage returns and then newlines", "1\ta\tb\r2\tc\td\n"],
  ["a backslash at the end", "1\ta\tb\\"],
  ["too few fields", "1\ta\tb\n2\tc\n"],
  ["no fields", "1\ta\tb\n\n"],
  ["too many fields", "1\ta\tb\n2\tc\td\te\n"],
  ["a key that is no number", "1\ta\tb\nx5\tc\td\n"],
  ["a key with a fraction", "5.5\ta\tb\n"],
  ["a key out of range", "99999999999999999999\ta\tb\n"],
  ["a key beyond int", "3000000000\ta\tb\n"],
  ["NULL as key", "1\ta\tb\n\\N\tc\td\n"],
  ["blanks and signs in keys", " 1\ta\tb\n+2 \tc\td\n-3\te\tf\n007\tg\th\n"],
  ["text beyond ASCII", "1\tä€😀\t日本\n"],
  ["invalid UTF-8", "1\t\\xff\tb\n"],
];

describe("text", () => {
  test.each(textCases)("%s", async (_, data) => {
    for (const size of [1, 3, 1000]) await compare("COPY t FROM STDIN", text, Buffer.from(data), size);
  });

  test("another delimiter and NULL", async () => {
    const sql = "COPY t FROM STDIN (DELIMITER 'A', NULL 'none')";
    const data = "1Ax\\AyAnone\n2AnoneA\\none\n\\x3Aa\\x4AbAc\n";
    for (const size of [1, 5, 100]) {
      await compare(sql, { ...text, delimiter: "A", null: "none" }, Buffer.from(data), size);
    }
  });

  test("a header line", async () => {
    const data = Buffer.from("k\tv\tw\n1\ta\tb\n2\tc\td\n");
    const format = { ...text, header: true };
    for (const size of [1, 100]) await compare("COPY t FROM STDIN (HEADER)", format, data, size);
    await compare("COPY t FROM STDIN (HEADER MATCH)", format, data, 3);
    await compare("COPY t FROM STDIN (HEADER MATCH)", format, Buffer.from("k\tx\tw\n1\ta\tb\n"), 3);
    await compare("COPY t FROM STDIN (HEADER)", format, Buffer.from("k\tv"), 3);
  });
});

const csvCases: readonly (readonly [string, string])[] = [
  ["plain rows", plain.replaceAll("\t", ",").replaceAll("\\N", "")],
  ["carriage return and newline", crlf('1,a,b\n"2",c,"d\ne"\n')],
  ["carriage return", '1,a,b\r"2",c,"d\re"\r'],
  ["quotes", '"1","a,b","c""d"\n2,e"f,"g,h"\n"3"4,"",\n'],
  ["newlines within quotes", '1,"a\nb","\n"\n2,"c\r\nd","\r"\n'],
  ["NULL and the empty string", '1,,""\n2,"",\n'],
  ["a quoted NULL as key", '"",a,b\n'],
  ["NULL as key", "1,a,b\n,c,d\n"],
  ["a line that is the end marker of older servers", "1,a,b\n\\.\n2,c,d\n"],
  ["an unterminated quote", '1,a,b\n2,"c,d\n3,e,f\n'],
  ["an unterminated quote in the key", '"1,a,b\n'],
  ["mixed line ends", "1,a,b\n2,c,d\r\n"],
  ["no line end at the end", '1,a,b\n2,c,"d"'],
  ["an empty line", "1,a,b\n\n"],
  ["too few and too many fields", "1,a,b\n2,c\n"],
];

describe("CSV", () => {
  test.each(csvCases)("%s", async (_, data) => {
    for (const size of [1, 3, 1000]) await compare("COPY t FROM STDIN (FORMAT csv)", csv, Buffer.from(data), size);
  });

  test("another quote, escape and NULL", async () => {
    const sql = "COPY t FROM STDIN (FORMAT csv, QUOTE '''', ESCAPE '\\', NULL '-', DELIMITER ';')";
    const format = { ...csv, quote: "'", escape: "\\", null: "-", delimiter: ";" };
    const data = "'1';'a\\'b;\n\\\\';-\n'2';-;'-'\n3;\\x;'\\x\\\\'\n";
    for (const size of [1, 2, 5, 100]) await compare(sql, format, Buffer.from(data), size);
  });

  test("a header line with a newline in it", async () => {
    const data = Buffer.from('k,"v\n",w\n1,a,b\n2,c,d\n');
    for (const size of [1, 4])
      await compare("COPY t FROM STDIN (FORMAT csv, HEADER)", { ...csv, header: true }, data, size);
  });
});

function binaryRow(key: number | null, ...values: (string | null)[]): Buffer {
  const parts = [Buffer.from([0, 1 + values.length])];
  const length = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  parts.push(...(key === null ? [length(-1)] : [length(4), length(key)]));
  for (const value of values) {
    const bytes = value === null ? Buffer.alloc(0) : Buffer.from(value);
    parts.push(length(value === null ? -1 : bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

const binaryHeader = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const binaryTrailer = Buffer.from([0xff, 0xff]);
const extended = Buffer.concat([binaryHeader.subarray(0, 15), Buffer.from([0, 0, 0, 3, 1, 2, 3])]);
const manyRows = Array.from({ length: 30 }, (_, i) => binaryRow(i - 5, `v${i}`, i % 2 ? null : ""));
const binaryCases: readonly (readonly [string, readonly Buffer[]])[] = [
  ["rows", [binaryHeader, ...manyRows, binaryTrailer]],
  ["no trailer", [binaryHeader, ...manyRows]],
  ["an extension of the header", [extended, ...manyRows, binaryTrailer]],
  ["no rows", [binaryHeader, binaryTrailer]],
  ["nothing", []],
  ["half a header", [binaryHeader.subarray(0, 13)]],
  ["no header", manyRows],
  ["half a row", [binaryHeader, ...manyRows, manyRows[0]!.subarray(0, 9)]],
  ["half a row more than one byte", [binaryHeader, ...manyRows, manyRows[0]!.subarray(0, 1)]],
  ["data behind the trailer", [binaryHeader, ...manyRows, binaryTrailer, binaryTrailer]],
  ["another count of fields", [binaryHeader, binaryRow(1, "a"), binaryTrailer]],
  ["NULL as key", [binaryHeader, binaryRow(null, "a", "b"), binaryTrailer]],
  ["an impossible length", [binaryHeader, Buffer.from([0, 3, 255, 255, 255, 254]), binaryTrailer]],
];

describe("binary", () => {
  test.each(binaryCases)("%s", async (_, parts) => {
    for (const size of [1, 3, 1000]) {
      await compare("COPY t FROM STDIN (FORMAT binary)", binary, Buffer.concat(parts), size);
    }
  });
});

describe("random data", () => {
  const letters = {
    text: [
      "1",
      "2",
      "77",
      "\t",
      "\t",
      "\t",
      "\n",
      "\n",
      "\\",
      "\\N",
      "\\.",
      "\\.\n",
      "\\x4",
      "\\1",
      "a",
      "\r",
      "\r\n",
      "ä",
      " ",
    ],
    csv: ["1", "2", "77", ",", ",", ",", "\n", "\n", '"', '"', "\\", "\\.", "\\.\n", "a", "\r", "\r\n", "ä", " ", "'"],
  };
  const rounds = process.env.SHARDGRES_LONG === undefined ? 60 : 3000;

  test.each([
    ["text", text, "COPY t FROM STDIN"],
    ["csv", csv, "COPY t FROM STDIN (FORMAT csv)"],
    ["csv", { ...csv, escape: "\\" }, "COPY t FROM STDIN (FORMAT csv, ESCAPE '\\')"],
    ["csv", { ...csv, quote: "a", escape: '"' }, "COPY t FROM STDIN (FORMAT csv, QUOTE 'a', ESCAPE '\"')"],
  ] as const)("in format %s: %o", async (kind, format, sql) => {
    const random = seededRandom(rounds);
    for (let round = 0; round < rounds; round++) {
      // Mostly good rows, so that much is loaded before something odd comes.
      const parts: string[] = [];
      const end = random.pick(["\n", "\n", "\r\n", "\r"]);
      const delimiter = kind === "text" ? "\t" : ",";
      for (let row = random.below(8); row > 0; row--)
        parts.push(`${random.below(99)}`, delimiter, "v", delimiter, "w", end);
      for (let odd = random.below(4); odd > 0; odd--)
        parts.splice(random.below(parts.length + 1), random.below(2), random.pick(letters[kind]));
      await compare(sql, format, Buffer.from(parts.join("")), 1 + random.below(9), false);
    }
  });
});

function load(data: string, input = new Input([Buffer.from(data)]), plan = planOf(text)): Promise<string> {
  return shards.inTransaction(() => copyIn(plan, shards.execution("COPY t FROM STDIN", new RecordingSink()), input));
}

test("long rows pass in parts, and rows longer than every buffer arrive whole", async () => {
  const long = "x".repeat(3_000_000);
  const lines = [`1\t${long}\ta\n`, "2\tb\tc\n", `3\t${long}\\n\t${long}\n`, `4\td\t${long}`];
  expect(await load("", new Input(pieces(Buffer.from(lines.join("")), 65_536)))).toBe("COPY 4");
  const rows = (await shards.rows("SELECT k, length(v), length(w) FROM t")).flat().sort();
  expect(rows.map((row) => row.join())).toEqual(["1,3000000,1", "2,1,1", "3,3000001,3000000", "4,1,3000000"]);
});

test("only shards that got rows take part in the commit", async () => {
  shards.transaction.begin("", false);
  try {
    const execution = shards.execution("COPY t FROM STDIN", new RecordingSink());
    await copyIn(planOf(text), execution, new Input([Buffer.from("1\ta\tb\n")]));
    expect([...shards.transaction.participants.values()].filter(({ wrote }) => wrote).length).toBe(1);
    expect(shards.transaction.participants.size).toBe(3);
  } finally {
    await shards.transaction.rollback();
  }
});

test("an error names the client's line", async () => {
  await shards.everywhere("ALTER TABLE t ADD CONSTRAINT small CHECK (length(v) < 100)");
  try {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i}\t${i === 3210 ? "x".repeat(200) : "a"}\tb\n`);
    const error = await load(lines.join("")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShardError);
    expect((error as ShardError).raw.get("W")).toContain("COPY t, line 3211: ");
    expect((error as ShardError).raw.get("C")).toBe("23514");
  } finally {
    await shards.everywhere("ALTER TABLE t DROP CONSTRAINT small");
  }
  expect((await shards.rows("SELECT FROM t")).flat()).toEqual([]);
});

test("an error of a shard is reported although the client sends nothing more", async () => {
  const stuck = new Promise<void>(() => {});
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i}\ta\tb\n`).join("");
  const input = new Input([Buffer.from(`1\ta\tb\tc\n${rows}`)], stuck);
  await expect(load("", input)).rejects.toMatchObject({ fields: { code: "22P04" } });
});

test("a statement that a shard refuses never starts", async () => {
  await shards.clients[2]!.query("ALTER TABLE t RENAME TO elsewhere");
  try {
    const input = new Input([]);
    await expect(load("", input)).rejects.toMatchObject({ fields: { code: "42P01" } });
    expect(input.started).toBeUndefined();
  } finally {
    await shards.clients[2]!.query("ALTER TABLE elsewhere RENAME TO t");
  }
});

test("when the client gives up, nothing is loaded", async () => {
  const reason = new SqlError({ code: "57014", message: "COPY from stdin failed: no more" });
  await expect(load("", new Input([Buffer.from("1\ta\tb\n2\tc\td\n")], Promise.reject(reason)))).rejects.toBe(reason);
  expect((await shards.rows("SELECT FROM t")).flat()).toEqual([]);
});

test("a key whose meaning depends on PostgreSQL's version is refused", async () => {
  for (const key of ["0x10", "1_000", "0b1"]) {
    await expect(load(`1\ta\tb\n${key}\tc\td\n`)).rejects.toThrow("[SG150]");
  }
});

test("a reference table gets everything everywhere", async () => {
  const plan: CopyInPlan = { ...planOf(text), into: "reference", types: [], keyColumns: [] };
  expect(await load(plain, undefined, plan)).toBe("COPY 40");
  for (const rows of await shards.rows("SELECT FROM t")) expect(rows.length).toBe(40);
});

test("an unsharded table's rows go to the home shard", async () => {
  const plan: CopyInPlan = { ...planOf(text), into: "home", types: [], keyColumns: [] };
  expect(await load(plain, undefined, plan)).toBe("COPY 40");
  expect((await shards.rows("SELECT FROM t")).map((rows) => rows.length)).toEqual([40, 0, 0]);
});
