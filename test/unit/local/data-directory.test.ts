// What is taken for the data directory of a local cluster, and what is not.
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimDataDirectory, emptyDataDirectory, makeDirectory } from "../../../src/local/data-directory.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("a new directory is made and marked, and taken once", async () => {
  const dataDir = join(await temporaryDirectory(), "a", "b");
  const claim = await claimDataDirectory(dataDir, undefined);
  await expect(claimDataDirectory(dataDir, undefined)).rejects.toMatchObject({ code: "running" });
  await claim.release();
  await (await claimDataDirectory(dataDir, undefined)).release();
});

test("an empty directory is taken, one with something else in it is not touched", async () => {
  const dataDir = await temporaryDirectory();
  const other = join(dataDir, "other");
  await mkdir(other);
  await writeFile(join(other, "file"), "");
  await expect(claimDataDirectory(other, undefined)).rejects.toMatchObject({ code: "not-a-cluster" });
  expect(await readdir(other)).toEqual(["file"]);
  const empty = join(dataDir, "empty");
  await mkdir(empty);
  await (await claimDataDirectory(empty, undefined)).release();
});

test("emptying leaves the marker and the claim", async () => {
  const dataDir = join(await temporaryDirectory(), "data");
  const claim = await claimDataDirectory(dataDir, undefined);
  await mkdir(join(dataDir, "tablets", "s1-0"), { recursive: true });
  await writeFile(join(dataDir, "admin-password"), "secret");
  await emptyDataDirectory(dataDir);
  expect((await readdir(dataDir)).sort()).toEqual(["launcher", "shardgres.json"]);
  await claim.release();
});

test("directories get their permissions whatever the umask is, those that were there keep theirs", async () => {
  const parent = await temporaryDirectory();
  await chmod(parent, 0o710);
  const before = process.umask(0o077);
  try {
    await makeDirectory(join(parent, "a", "b"), undefined, 0o755);
  } finally {
    process.umask(before);
  }
  const modes = await Promise.all(["", "a", "a/b"].map(async (path) => (await stat(join(parent, path))).mode & 0o777));
  expect(modes).toEqual([0o710, 0o755, 0o755]);
});
