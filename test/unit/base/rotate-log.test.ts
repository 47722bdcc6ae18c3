// Logs that grow are moved aside, also while somebody writes to them.
import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rotateLog, rotateLogInUse } from "../../../src/base/rotate-log.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const tooMuch = 17 * 1024 * 1024;

test("a small log stays, and none is no problem", async () => {
  const path = join(await temporaryDirectory(), "log");
  for (const rotate of [rotateLog, rotateLogInUse]) {
    await rotate(path);
    await writeFile(path, "small");
    await rotate(path);
    expect(await readFile(path, "utf8")).toBe("small");
  }
});

test("a large log is moved aside, in the place of the one before", async () => {
  const path = join(await temporaryDirectory(), "log");
  await writeFile(`${path}.1`, "older");
  await writeFile(path, "large");
  await truncate(path, tooMuch);
  await rotateLog(path);
  expect((await stat(`${path}.1`)).size).toBe(tooMuch);
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

test("who appends to a large log goes on in an empty one", async () => {
  const path = join(await temporaryDirectory(), "log");
  const log = await open(path, "a");
  await truncate(path, tooMuch);
  await rotateLogInUse(path);
  await log.write("next");
  await log.close();
  expect(await readFile(path, "utf8")).toBe("next");
  expect((await stat(`${path}.1`)).size).toBe(tooMuch);
});
