// Compare-and-swap by files: who is first wins, also against one that has slept for long.
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { highestNumbers, readNewest, writeNext } from "../../../src/base/numbered-files.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("the highest number counts", async () => {
  const directory = await temporaryDirectory();
  for (const number of [9, 10, 2]) await writeFile(join(directory, `a@${number}.json`), String(number));
  await writeFile(join(directory, "readme.txt"), "not numbered");
  expect(await readNewest(directory, "a")).toEqual({ number: 10, text: "10" });
  expect(await readNewest(directory, "b")).toBeUndefined();
  expect(await highestNumbers(directory)).toEqual(new Map([["a", 10]]));
});

test("the second to write a number is told so, and nothing has changed", async () => {
  const directory = await temporaryDirectory();
  expect(await writeNext(directory, "a", 1, "first")).toBe(true);
  expect(await writeNext(directory, "a", 1, "second")).toBe(false);
  expect(await readNewest(directory, "a")).toEqual({ number: 1, text: "first" });
  expect(await readdir(directory)).toEqual(["a@1.json"]);
});

test("of many who write the same number one succeeds", async () => {
  const directory = await temporaryDirectory();
  const writers = Array.from({ length: 20 }, (_, i) => writeNext(directory, "a", 1, String(i)));
  const results = await Promise.all(writers);
  expect(results.filter(Boolean)).toHaveLength(1);
  expect((await readNewest(directory, "a"))?.text).toBe(String(results.indexOf(true)));
});

test("a number that was given long ago cannot be taken again", async () => {
  const directory = await temporaryDirectory();
  for (let number = 1; number <= 30; number++) await writeNext(directory, "a", number, String(number));
  // Its file is gone; a writer that has slept since it saw number 4 must not believe that it is the fifth.
  expect(await writeNext(directory, "a", 5, "late")).toBe(false);
  expect(await readNewest(directory, "a")).toEqual({ number: 30, text: "30" });
});

test("what a dead writer left is removed after an hour", async () => {
  const directory = await temporaryDirectory();
  const [old, young] = [join(directory, "a@1.json.7-0.tmp"), join(directory, "a@1.json.8-0.tmp")];
  for (const path of [old, young]) await writeFile(path, "half");
  const longAgo = Date.now() / 1000 - 7200;
  await utimes(old, longAgo, longAgo);
  await writeNext(directory, "a", 1, "whole");
  expect((await readdir(directory)).sort()).toEqual(["a@1.json", "a@1.json.8-0.tmp"]);
});
