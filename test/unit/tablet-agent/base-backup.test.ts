// A source that sends what no PostgreSQL sends: nothing is written outside of the directory, nothing is taken for whole.
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { receiveBaseBackup } from "../../../tablet-agent/postgres/base-backup.ts";
import type { AnswerPart, ReplicationRow } from "../../../tablet-agent/postgres/replication-connection.ts";
import { type TarEntry, tarArchive, tarEntries } from "../../support/tar-archive.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const result = (...rows: ReplicationRow[]): AnswerPart[] => [
  { kind: "result" },
  ...rows.map((row): AnswerPart => ({ kind: "row", row })),
];
const message = (kind: string, bytes: Buffer | string = ""): AnswerPart => ({
  kind: "copy-data",
  bytes: Buffer.concat([Buffer.from(kind), Buffer.from(bytes)]),
});
const start = result(["0/2000028", "3"]);
const places = result([null, null, "2"]);
const end = result(["0/2000120", "3"]);

/** An answer with these messages in its stream. */
const answer = (...messages: AnswerPart[]): AnswerPart[] => [
  ...start,
  ...places,
  { kind: "copy-start" },
  ...messages,
  { kind: "copy-end" },
  ...end,
];
const whole = (...entries: TarEntry[]): AnswerPart[] =>
  answer(message("n", "base.tar\0\0"), message("d", tarArchive(entries)), message("m"), message("d", "{}"));

async function receive(parts: readonly AnswerPart[]) {
  const parent = await temporaryDirectory();
  const directory = join(parent, "data");
  await mkdir(directory);
  const progress: string[] = [];
  const connection = {
    async *answer() {
      yield* parts;
    },
  };
  const backup = receiveBaseBackup(connection, {
    label: "test",
    directory,
    onProgress: ({ bytesDone, bytesTotal }) => progress.push(`${bytesDone}/${bytesTotal}`),
  });
  return { parent, directory, progress, outcome: await backup.catch((error: unknown) => error) };
}

test("files, directories, permissions and the manifest are written", async () => {
  const { directory, progress, outcome } = await receive(
    whole(
      { path: "PG_VERSION", content: "18\n" },
      { path: "base", type: "5", mode: 0o700 },
      { path: "./base/1", type: "5", mode: 0o777 },
      { path: "base/1/112", content: "rows", mode: 0o666 },
    ),
  );
  expect(outcome).toEqual({ timeline: 3, startLsn: "0/2000028", endLsn: "0/2000120" });
  expect((await readdir(directory, { recursive: true })).sort()).toEqual(
    ["PG_VERSION", "backup_manifest", "base", "base/1", "base/1/112"].sort(),
  );
  expect(await readFile(join(directory, "base/1/112"), "utf8")).toBe("rows");
  expect(await readFile(join(directory, "backup_manifest"), "utf8")).toBe("{}");
  expect((await stat(join(directory, "base/1"))).mode & 0o027).toBe(0);
  expect((await stat(join(directory, "base/1/112"))).mode & 0o137).toBe(0);
  expect(progress).toEqual(["0/2048", "4096/4096"]);
});

test.each<[string, TarEntry[]]>([
  ["a path that leads out", [{ path: "../outside", content: "x" }]],
  ["a path that leads out later", [{ path: "base/../../outside", content: "x" }]],
  ["an absolute path", [{ path: "/tmp/shardgres-outside", content: "x" }]],
  ["an absolute prefix", [{ path: "outside", prefix: "/tmp", content: "x" }]],
  ["a directory that leads out", [{ path: "../outside", type: "5" }]],
  ["no path", [{ path: "./", type: "5" }]],
  ["a link", [{ path: "base", type: "2", target: ".." }]],
])("%s is refused", async (_, entries) => {
  const { parent, outcome } = await receive(whole(...entries));
  expect(outcome).toMatchObject({ code: "bad-archive" });
  expect(await readdir(parent, { recursive: true })).toEqual(["data"]);
});

test("a file that comes twice does not replace the first", async () => {
  const { directory, outcome } = await receive(whole({ path: "a", content: "1" }, { path: "a", content: "2" }));
  expect(outcome).toMatchObject({ code: "EEXIST" });
  expect(await readFile(join(directory, "a"), "utf8")).toBe("1");
});

test.each<[string, AnswerPart[], string]>([
  ["no stream", [...start, ...places, ...end], "protocol-violation"],
  ["no end", whole().slice(0, -2), "protocol-violation"],
  ["no manifest", answer(message("n"), message("d", tarArchive([]))), "protocol-violation"],
  ["a manifest without an archive", answer(message("m")), "protocol-violation"],
  ["two archives", answer(message("n"), message("n")), "protocol-violation"],
  ["data that belong to nothing", answer(message("d", "x")), "protocol-violation"],
  ["a message of unknown kind", answer(message("q")), "protocol-violation"],
  ["an empty message", answer({ kind: "copy-data", bytes: Buffer.alloc(0) }), "protocol-violation"],
  ["half an archive", answer(message("n"), message("d", tarEntries([{ path: "a" }])), message("m")), "bad-tar"],
])("%s is an error", async (_, parts, code) => {
  expect((await receive(parts)).outcome).toMatchObject({ code });
});
