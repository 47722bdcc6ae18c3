// Archives as PostgreSQL sends them, cut at every byte, and archives that it would never send.
import { expect, test } from "vitest";
import { type TarPart, TarReader } from "../../../tablet-agent/postgres/tar-reader.ts";
import { tarArchive, tarEntries } from "../../support/tar-archive.ts";

const archive = tarArchive([
  { path: "backup_label", content: "START WAL LOCATION" },
  { path: "base/", type: "5", mode: 0o700 },
  { path: "./pg_wal/archive_status", type: "5", mode: 0o750 },
  { path: "base/empty" },
  { path: "1", prefix: "base/5", content: "x".repeat(512) },
  { path: "pg_tblspc/16385", type: "2", mode: 0o777, target: "/disk" },
  { path: "global/pg_control", mode: 0o640, content: "y".repeat(513) },
]);

const expected = [
  "file backup_label 600 18",
  "START WAL LOCATION",
  "end",
  "directory base/ 700",
  "directory ./pg_wal/archive_status 750",
  "file base/empty 600 0",
  "end",
  "file base/5/1 600 512",
  "x".repeat(512),
  "end",
  "symlink pg_tblspc/16385 /disk",
  "file global/pg_control 640 513",
  "y".repeat(513),
  "end",
];

/** One line per part; consecutive data joined. */
function read(...chunks: Buffer[]): string[] {
  const reader = new TarReader();
  const lines: string[] = [];
  let data: string | undefined;
  const describe = (part: TarPart) => {
    if (part.kind === "data") {
      data = (data ?? "") + part.bytes.toString("latin1");
      return;
    }
    if (data !== undefined) lines.push(data);
    data = undefined;
    if (part.kind === "file") lines.push(`file ${part.path} ${part.mode.toString(8)} ${part.size}`);
    else if (part.kind === "directory") lines.push(`directory ${part.path} ${part.mode.toString(8)}`);
    else if (part.kind === "symlink") lines.push(`symlink ${part.path} ${part.target}`);
    else lines.push("end");
  };
  for (const chunk of chunks) for (const part of reader.push(chunk)) describe(part);
  reader.end();
  return lines;
}

test("an archive reads the same wherever it is split", () => {
  expect(read(archive)).toEqual(expected);
  for (let at = 1; at < archive.length; at++) {
    expect(read(archive.subarray(0, at), archive.subarray(at)), `split at ${at}`).toEqual(expected);
  }
  expect(read(...Array.from(archive, (byte) => Buffer.of(byte)))).toEqual(expected);
});

test("an archive that is cut short anywhere is not taken for a whole one", () => {
  for (let at = 0; at < archive.length; at++) {
    expect(() => read(archive.subarray(0, at)), `cut at ${at}`).toThrow("cut short");
  }
});

test("a file of 8 GiB and more has a binary size", () => {
  const size = Buffer.from("80000000000000030000000f", "hex");
  const [part] = new TarReader().push(tarEntries([{ path: "big", size }]));
  expect(part).toEqual({ kind: "file", path: "big", mode: 0o600, size: 3 * 2 ** 32 + 15 });
});

test.each([
  ["an impossible size", tarArchive([{ path: "a", size: Buffer.from("8000ffffffffffffffffffff", "hex") }])],
  ["a negative size", tarArchive([{ path: "a", size: Buffer.from("ff".repeat(12), "hex") }])],
  ["a size that is no number", tarArchive([{ path: "a", size: Buffer.from("00000000009 ") }])],
  ["a directory with content", tarArchive([{ path: "a/", type: "5", content: "x" }])],
  ["a hard link", tarArchive([{ path: "a", type: "1", target: "b" }])],
  ["an extended header", tarArchive([{ path: "a", type: "x" }])],
  ["a device", tarArchive([{ path: "a", type: "3" }])],
  ["another format", tarArchive([{ path: "a", magic: "other" }])],
  ["a damaged header", Buffer.concat([Buffer.from("c"), archive.subarray(1)])],
  ["something behind its end", Buffer.concat([archive, archive])],
])("%s is refused", (_, bytes) => {
  expect(() => read(bytes)).toThrow(expect.objectContaining({ code: "bad-tar" }));
});
