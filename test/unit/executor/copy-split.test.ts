// COPY data cut anywhere gives every shard the same bytes; rows stay whole and in order; long ones do not pile up.
import { describe, expect, test } from "vitest";
import { KeyRouter } from "../../../src/executor/copy-key-router.ts";
import { ShardRowSink } from "../../../src/executor/copy-row-sink.ts";
import { CopySplitter, type RowScanner } from "../../../src/executor/copy-split.ts";
import { BinaryScanner, copyHeaderBytes, copySignature } from "../../../src/executor/copy-split-binary.ts";
import { CsvScanner } from "../../../src/executor/copy-split-csv.ts";
import { TextScanner } from "../../../src/executor/copy-split-text.ts";
import { SqlError } from "../../../src/pgwire/sql-error.ts";
import type { CopyFormat, CopyInPlan } from "../../../src/planner/plan.ts";
import { bucketOfTexts } from "../../../src/sharding/bucket-of.ts";

const shardCount = 3;
const shardOfBucket = Uint16Array.from({ length: 16384 }, (_, bucket) => bucket % shardCount);
const shardOf = (...key: string[]) => shardOfBucket[bucketOfTexts(["integer", "text"], key)!]!;

const text: CopyFormat = { kind: "text", delimiter: "\t", null: "\\N", quote: '"', escape: '"', header: false };
const csv: CopyFormat = { ...text, kind: "csv", delimiter: ",", null: "" };
const binary: CopyFormat = { ...text, kind: "binary" };

/** Key: the third and the first field. */
function planOf(format: CopyFormat): CopyInPlan {
  return {
    kind: "copy-in",
    into: "distributed",
    types: ["integer", "text"],
    stored: {
      schema: "public",
      relation: "t",
      columns: ["id", "name"].map((name) => ({ name, lengthMax: undefined })),
    },
    keyColumns: [2, 0],
    fieldCount: 4,
    format,
  };
}

function scannerOf(format: CopyFormat, hasEndMarker = false): RowScanner {
  const plan = planOf(format);
  const router = new KeyRouter(plan, shardOfBucket);
  if (format.kind === "text") return new TextScanner(format, 4, router);
  if (format.kind === "csv") return new CsvScanner(format, 4, router, hasEndMarker);
  return new BinaryScanner(4, router);
}

/** What each shard gets, or the error. */
function split(format: CopyFormat, chunks: readonly Buffer[], hasEndMarker = false): string[] | string {
  const got = Array.from({ length: shardCount }, () => Buffer.alloc(0));
  const sink = new ShardRowSink(
    shardCount,
    (shard, message) => {
      got[shard] = Buffer.concat([got[shard]!, message.subarray(5)]);
    },
    () => {},
  );
  try {
    const splitter = new CopySplitter(scannerOf(format, hasEndMarker), sink);
    for (const chunk of chunks) splitter.push(chunk);
    splitter.end();
  } catch (error) {
    if (error instanceof SqlError) return `${error.fields.code} ${error.message}`;
    throw error;
  }
  sink.flush();
  return got.map((bytes) => bytes.toString("latin1"));
}

function everyCut(data: Buffer): Buffer[][] {
  const cuts = [Array.from(data, (_, at) => data.subarray(at, at + 1))];
  for (let at = 0; at <= data.length; at++) cuts.push([data.subarray(0, at), data.subarray(at)]);
  return cuts;
}

const textData = Buffer.from(
  "a\t\\t\t1\t\\\n\n\\\\\tx\t\\x32\t\\\\.\nä€😀\t\\N\t 3 \t\n\\x\\1\t\t-4\t\\.5".replace("\\.5", "5\\"),
);
const csvData = Buffer.from('a,"x\r\ny",1,""\n"b"",c",,"2",\\.\n""d"",e,3,"\\"\n\\.,,"4\n",\n"ä",,5,"');
const binaryData = Buffer.concat([
  copySignature,
  Buffer.alloc(copyHeaderBytes - copySignature.length),
  ...["a", "bb", ""].flatMap((name, i) => {
    const field = (value: Buffer) => [Buffer.from([0, 0, 0, value.length]), value];
    const id = Buffer.alloc(4);
    id.writeInt32BE(i - 1);
    return [
      Buffer.from([0, 4]),
      ...field(Buffer.from(name)),
      Buffer.from([255, 255, 255, 255]),
      ...field(id),
      ...field(Buffer.from("\0\xff\xff\n", "latin1")),
    ];
  }),
  Buffer.from([255, 255]),
]);

describe("cut at every byte, and into single bytes", () => {
  test.each([
    ["text", text, textData],
    ["text with a header", { ...text, header: true }, textData],
    ["text with carriage returns", text, Buffer.from("a\tx\t1\ty\r\nb\tx\t2\ty\r\n")],
    ["text with an end marker", text, Buffer.from("a\tx\t1\ty\n\\.\nb\tx\t2\ty\n")],
    ["text with an end marker behind data", text, Buffer.from("a\tx\t1\ty\\.\r\nb\tx\t2\ty\n")],
    ["CSV", csv, csvData],
    ["CSV with a header", { ...csv, header: true }, csvData],
    ["CSV with an escape character", { ...csv, escape: "\\" }, Buffer.from('"a\\"\n",x,"1",y\nb,"\\\\",2,"y"\n')],
    ["CSV with carriage returns", csv, Buffer.from('a,x,1,y\r"b\r\n",x,2,y\r')],
    ["binary", binary, binaryData],
    ["binary without a trailer", binary, binaryData.subarray(0, binaryData.length - 2)],
    ["half a binary row", binary, binaryData.subarray(0, binaryData.length - 5)],
    ["mixed line ends", text, Buffer.from("a\tx\t1\ty\nb\tx\t2\ty\r\n")],
    ["NULL in the key", csv, Buffer.from("a,x,1,y\n,x,2,y\n")],
  ])("%s", (_, format, data) => {
    const whole = split(format, [data]);
    for (const chunks of everyCut(data)) expect(split(format, chunks)).toEqual(whole);
  });

  test("CSV with the end marker of servers before PostgreSQL 18", () => {
    const data = Buffer.from('a,x,1,y\n"\n\\.\n",x,2,y\n\\.\nb,x,3,y\n');
    const whole = split(csv, [data], true);
    expect((whole as string[]).join("")).not.toContain("b,x,3,y");
    expect((split(csv, [data], false) as string[]).join("")).toContain("b,x,3,y");
    for (const chunks of everyCut(data)) expect(split(csv, chunks, true)).toEqual(whole);
  });
});

test("every row goes whole to the shard of its key, in order", () => {
  const lines = Array.from({ length: 2000 }, (_, i) => `name ${i % 7}\tx\t${i}\ty\n`);
  const wanted = Array.from({ length: shardCount }, () => "");
  for (const [i, line] of lines.entries()) wanted[shardOf(String(i), `name ${i % 7}`)] += line;
  expect(split(text, [Buffer.from(lines.join(""))])).toEqual(wanted);
});

test("escapes and quotes are not part of the key", () => {
  const at = shardOf("12", "tab\t");
  expect((split(text, [Buffer.from("tab\\t\tx\t\\061\\x32\ty\n")]) as string[])[at]).not.toBe("");
  expect((split(csv, [Buffer.from('"tab\t",x,"1"2,y\n')]) as string[])[at]).not.toBe("");
});

test("header, binary header and trailer go to every shard", () => {
  const shards = split({ ...text, header: true }, [Buffer.from("h1\th2\\\n\th3\th4\na\tx\t1\ty\n")]) as string[];
  for (const bytes of shards) expect(bytes).toMatch(/^h1\th2\\\n\th3\th4\n/);
  for (const bytes of split(binary, [binaryData]) as string[]) {
    expect(bytes.slice(0, copyHeaderBytes)).toBe(binaryData.toString("latin1", 0, copyHeaderBytes));
    expect(bytes.slice(-2)).toBe("\xff\xff");
  }
});

test.each([
  ["text", text, "name\tx\t7\t", "\n"],
  ["CSV", csv, 'name,x,7,"', '"\n'],
])("what is behind the key of a long row does not wait for its end: %s", (_, format, head, tail) => {
  let bytes = 0;
  const parts: boolean[] = [];
  const scanner = scannerOf(format);
  const splitter = new CopySplitter(scanner, {
    row(shard, _bytes, start, end, isPart) {
      expect(shard).toBe(shardOf("7", "name"));
      bytes += end - start;
      parts.push(isPart);
    },
    everywhere() {},
    release() {},
    forgetLines() {},
  });
  splitter.push(Buffer.from(head));
  for (let i = 0; i < 100; i++) splitter.push(Buffer.alloc(50_000, "x"));
  expect(bytes).toBeGreaterThan(4_900_000);
  splitter.push(Buffer.from(tail));
  splitter.end();
  expect(bytes).toBe(head.length + 5_000_000 + tail.length);
  expect(parts.filter((isPart) => !isPart).length).toBe(1);
});

test("a long row whose key comes last waits for it", () => {
  const body = "x".repeat(3_000_000);
  const line = `name\t${body}\t7\ty\n`;
  const chunks = [];
  for (let at = 0; at < line.length; at += 60_000) chunks.push(Buffer.from(line.slice(at, at + 60_000)));
  const got = split(text, [...chunks, Buffer.from("a\tx\t1\ty\n")]) as string[];
  expect(got[shardOf("7", "name")]).toContain(line);
  expect(got.join("").length).toBe(line.length + 8);
});
