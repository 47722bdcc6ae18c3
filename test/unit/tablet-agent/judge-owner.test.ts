// When a tablet's directory may be taken, by what its mark says.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Conditions, judgeOwner } from "../../../tablet-agent/volume/judge-owner.ts";
import { type OwnerMark, readMark, writeMark } from "../../../tablet-agent/volume/owner-mark.ts";
import { placeOf } from "../../../tablet-agent/volume/place.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const here = { name: "host boot-2", machine: "host" };
const mark: OwnerMark = {
  place: "other boot-1",
  machine: "other",
  pid: 7,
  since: "2026-11-28T20:00:00.000Z",
  term: 3,
  stopsItself: true,
};
const shared = { isShared: true, hasFencing: false };
const alone = { isShared: false, hasFencing: false };

describe("the directory", () => {
  test.each<[string, OwnerMark | undefined, Conditions, string]>([
    ["of nobody", undefined, shared, "free"],
    ["of this place", { ...mark, place: "host boot-2", machine: "host" }, shared, "free"],
    ["of another machine that stops itself", mark, shared, "after-lease"],
    ["of this machine before its restart", { ...mark, place: "host boot-1", machine: "host" }, shared, "after-lease"],
    ["of another machine, with fencing", mark, { ...shared, hasFencing: true }, "after-fencing"],
    ["of another machine that does not stop itself", { ...mark, stopsItself: false }, shared, "refused"],
    ["of that, with fencing", { ...mark, stopsItself: false }, { ...shared, hasFencing: true }, "after-fencing"],
    ["of another machine, by who takes part in no lease", mark, alone, "refused"],
    [
      "on a disk of this machine, which has been started again",
      { ...mark, place: "host boot-1", machine: "host", stopsItself: false },
      alone,
      "free",
    ],
    ["on a disk that has come from another machine", { ...mark, stopsItself: false }, alone, "refused"],
  ])("%s", (_what, found, conditions, kind) => {
    expect(judgeOwner(found, here, conditions)).toEqual({ kind });
  });
});

test("a mark is read as it was written, and never guessed", async () => {
  const directory = await temporaryDirectory();
  expect(await readMark(directory)).toBeUndefined();
  await writeMark(directory, mark);
  expect(await readMark(directory)).toEqual(mark);
  await writeMark(directory, undefined);
  expect(await readMark(directory)).toBeUndefined();
  expect(JSON.parse(await readFile(join(directory, "owner.json"), "utf8"))).toEqual({ owner: null });
  for (const text of ["{}", '{"owner": {}}', JSON.stringify({ owner: { ...mark, pid: "7" } })]) {
    await writeFile(join(directory, "owner.json"), text);
    await expect(readMark(directory)).rejects.toMatchObject({ code: "invalid-mark" });
  }
});

test("a place that is named is that; another is this start of this machine", () => {
  expect(placeOf("pod-1")).toEqual({ name: "pod-1", machine: "pod-1" });
  expect(placeOf(undefined)).toEqual(placeOf(undefined));
  expect(placeOf(undefined).name.startsWith(`${placeOf(undefined).machine} `)).toBe(true);
});
