// What a tablet must not forget: as it is on disk, and what is refused.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mayPledge } from "../../../tablet-agent/ha/pledge.ts";
import { createTabletState, followed, newTabletState, openTabletState } from "../../../tablet-agent/tablet-state.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("a state is there again for the next agent, and only what was written counts", async () => {
  const directory = await temporaryDirectory();
  expect(await openTabletState(directory)).toBeUndefined();
  const file = await createTabletState(directory, newTabletState);
  expect((await openTabletState(directory))!.state).toEqual(newTabletState);
  const pledge = { term: 7, candidate: "s1-1" };
  const writing = file.write({ pledge, isWhole: true });
  expect(file.state).toEqual(newTabletState);
  await writing;
  expect(file.state).toEqual({ pledge, isWhole: true, led: undefined });
  expect((await openTabletState(directory))!.state).toEqual(file.state);
  await file.write({ led: 7 });
  expect((await openTabletState(directory))!.state).toEqual({ pledge, isWhole: true, led: 7 });
});

test("changes made at the same time are all made", async () => {
  const directory = await temporaryDirectory();
  const file = await createTabletState(directory, newTabletState);
  await Promise.all([
    file.write({ pledge: { term: 1, candidate: "a" } }),
    file.write({ isWhole: true }),
    file.write({ led: 1 }),
    file.write({ pledge: { term: 2, candidate: "b" } }),
  ]);
  const state = { pledge: { term: 2, candidate: "b" }, isWhole: true, led: 1 };
  expect((await openTabletState(directory))!.state).toEqual(state);
});

test("a pledge does not go back while a later one is on its way to the disk", async () => {
  const directory = await temporaryDirectory();
  const file = await createTabletState(directory, newTabletState);
  const give = (term: number, candidate: string) =>
    file.write(({ pledge }) => (mayPledge(pledge, { term, candidate }) ? { pledge: { term, candidate } } : {}));
  await Promise.all([give(3, "a"), give(2, "b"), give(3, "c")]);
  expect(file.state.pledge).toEqual({ term: 3, candidate: "a" });
  const following = [file.write(followed({ tablet: "c", term: 2 })), file.write(followed({ tablet: "c", term: 3 }))];
  await expect(following[0]).rejects.toMatchObject({ code: "outdated" });
  await following[1];
  expect((await openTabletState(directory))!.state.pledge).toEqual({ term: 3, candidate: "c" });
});

describe("what is not a state is not guessed at", () => {
  const pledge = { term: 1, candidate: "a" };
  test.each<[string, string]>([
    ["empty", ""],
    ["cut short", '{"pledge":{"term":1,"candi'],
    ["no object", "[]"],
    ["no pledge", JSON.stringify({ isWhole: true })],
    ["a pledge of half a term", JSON.stringify({ pledge: { ...pledge, term: 1.5 }, isWhole: true })],
    ["a pledge to nobody", JSON.stringify({ pledge: { term: 1 }, isWhole: true })],
    ["whole or not", JSON.stringify({ pledge, isWhole: "yes" })],
    ["led", JSON.stringify({ pledge, isWhole: true, led: -1 })],
  ])("%s", async (_, text) => {
    const directory = await temporaryDirectory();
    await createTabletState(directory, newTabletState);
    const path = join(directory, "tablet-state.json");
    await writeFile(path, text);
    await expect(openTabletState(directory)).rejects.toMatchObject({ code: "invalid-state" });
    expect(await readFile(path, "utf8")).toBe(text);
  });
});
