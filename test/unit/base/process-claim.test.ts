// One owner at a time, found out by who it is, not by a pid alone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimDirectory } from "../../../src/base/process-claim.ts";
import { isSameProcess, processIdentity } from "../../../src/base/process-identity.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const claimSource = new URL("../../../src/base/process-claim.ts", import.meta.url).href;

/** A process that claims the directory and keeps it until it is killed. */
async function claimingProcess(directory: string) {
  const script = `
    const { claimDirectory } = await import(${JSON.stringify(claimSource)});
    await claimDirectory(${JSON.stringify(directory)});
    console.log("claimed");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("a directory is claimed by one process at a time, and released", async () => {
  const directory = await temporaryDirectory();
  const claim = await claimDirectory(directory);
  expect(claim.afterCrash).toBe(false);
  await expect(claimDirectory(directory)).rejects.toMatchObject({ code: "claimed", pid: process.pid });
  await claim.release();
  expect((await claimDirectory(directory)).afterCrash).toBe(false);
});

test("the claim of a living process is respected, that of a killed one is not", async () => {
  const directory = await temporaryDirectory();
  const child = await claimingProcess(directory);
  await expect(claimDirectory(directory)).rejects.toMatchObject({ code: "claimed", pid: child.pid });
  child.kill("SIGKILL");
  await once(child, "exit");
  expect((await claimDirectory(directory)).afterCrash).toBe(true);
});

test("of many who find a dead owner one gets the directory", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "owner@3.json"), JSON.stringify({ pid: 2 ** 22 + 1, identity: "gone" }));
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => claimDirectory(directory)));
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
});

test("another process with the pid of a dead owner is not taken for it", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "owner@1.json"), JSON.stringify({ pid: process.pid, identity: "born earlier" }));
  expect((await claimDirectory(directory)).afterCrash).toBe(true);
});

test("a process has an identity while it runs, and the same one", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const identity = processIdentity(child.pid!);
  expect(identity).toBe(processIdentity(child.pid!));
  expect(identity).not.toBe(processIdentity(process.pid));
  expect(isSameProcess(child.pid!, identity!)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(processIdentity(child.pid!)).toBeUndefined();
  expect(isSameProcess(child.pid!, identity!)).toBe(false);
});
