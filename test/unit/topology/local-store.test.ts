// The local store: what every store must do, and what files in a directory can suffer.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { localStore } from "../../../src/topology/local-store.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { testStore } from "./store-suite.ts";

const directories: string[] = [];
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

testStore("the local store", async () => {
  const directory = await mkdtemp(join(tmpdir(), "shardgres-store-"));
  directories.push(directory);
  return [localStore(directory), localStore(directory)];
});

test("a file that is not JSON is named in the error", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "shards.s1@4.json"), '{"value": ');
  const message = `${directory}/shards.s1@4.json is not a topology document: it is not valid JSON`;
  await expect(localStore(directory).get("shards/s1")).rejects.toThrow(message);
  await expect(localStore(directory).list("")).rejects.toThrow(message);
});

test("a file that holds something else is named in the error", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "cluster@1.json"), "[1]");
  await expect(localStore(directory).get("cluster")).rejects.toThrow(`${directory}/cluster@1.json is not a topology`);
});

test("a directory that is not there is named in the error", async () => {
  const directory = join(await temporaryDirectory(), "absent");
  await expect(localStore(directory).get("cluster")).rejects.toThrow(`the directory ${directory} does not exist`);
  await expect(localStore(directory).put("cluster", 1, "absent")).rejects.toThrow("does not exist");
});

test("a write that was cut off before it took place is not seen", async () => {
  const directory = await temporaryDirectory();
  const store = localStore(directory);
  await store.put("cluster", 1, "absent");
  await writeFile(join(directory, "cluster@2.json.99-0.tmp"), '{"val');
  expect(await store.get("cluster")).toMatchObject({ value: 1 });
  expect(await store.list("")).toHaveLength(1);
});

test("old versions do not pile up", async () => {
  const directory = await temporaryDirectory();
  const store = localStore(directory);
  let version = await store.put("k", 0, "absent");
  for (let value = 1; value <= 40; value++) version = await store.put("k", value, version);
  expect((await readdir(directory)).length).toBeLessThan(20);
});

test("while the directory is away, a lease is not taken for one that nobody has", async () => {
  const directory = join(await temporaryDirectory(), "topology");
  const { leases } = localStore(directory);
  await expect(leases.get("shards/s1")).rejects.toMatchObject({ code: "no-directory" });
  await mkdir(directory);
  expect(await leases.get("shards/s1")).toBeUndefined();
});

test("changes of other processes are counted right, also when some of them are killed", async () => {
  const directory = await temporaryDirectory();
  const store = localStore(directory);
  await store.put("counter", 0, "absent");
  const source = new URL("../../../src/topology/local-store.ts", import.meta.url).href;
  // Prints a line for every increment that it knows to have happened.
  const script = `
    const { localStore } = await import(${JSON.stringify(source)});
    const store = localStore(${JSON.stringify(directory)});
    for (;;) {
      const { value, version } = await store.get("counter");
      await store.put("counter", value + 1, version).then(() => console.log("+"), () => {});
    }`;
  const results = await Promise.all([20, 30, 40, 50].map((count) => incrementUntilKilled(script, count)));
  const known = results.reduce((sum, result) => sum + result, 0);
  const value = Number((await store.get("counter"))!.value);
  expect(value).toBeGreaterThanOrEqual(known);
  // A killed process may have written once more than it could say.
  expect(value).toBeLessThanOrEqual(known + results.length);
});

/** Kills the process -9 once it has printed `count` lines; returns how many it printed in all. */
async function incrementUntilKilled(script: string, count: number): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString().split("+").length - 1;
    if (printed >= count) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  return printed;
}
