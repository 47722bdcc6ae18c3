// Leases of the local store: what every store must do, what is stored, and processes that die in the middle of it.
import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readLease } from "../../../src/topology/lease.ts";
import { leaseCandidate, leaseClock } from "../../../src/topology/lease-candidate.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { testLeases } from "./lease-suite.ts";

testLeases("the local store", async () => {
  const directory = await temporaryDirectory();
  return [localStore(directory), localStore(directory)];
});

const wanted = { holderIdentity: "a", leaseDurationSeconds: 10 };

test("the file says what Kubernetes' Lease says, with its names", async () => {
  const directory = await temporaryDirectory();
  await leaseCandidate(localStore(directory).leases, "shards/s1", wanted).acquire();
  const text = await readFile(join(directory, "leases", "shards.s1@1.json"), "utf8");
  const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(JSON.parse(text)).toEqual({ ...wanted, acquireTime: rfc3339, renewTime: rfc3339, leaseTransitions: 0 });
});

test("a holder counts from before it wrote, so that it never believes longer than others wait", async () => {
  const { leases } = localStore(await temporaryDirectory());
  let nowMs = 0;
  const slow = {
    get: leases.get,
    put: (...args: Parameters<typeof leases.put>) => {
      nowMs += 4_000;
      return leases.put(...args);
    },
  };
  const answer = await leaseCandidate(slow, "l", wanted, { ...leaseClock, now: () => nowMs }).acquire();
  expect(answer).toMatchObject({ kind: "held", validUntilMs: 10_000 });
});

test("a renewal of which nobody knows whether it was written is simply done again", async () => {
  const { leases } = localStore(await temporaryDirectory());
  let isAway = false;
  const flaky = {
    get: leases.get,
    put: async (...args: Parameters<typeof leases.put>) => {
      const version = await leases.put(...args);
      if (isAway) throw new Error("connection lost");
      return version;
    },
  };
  const candidate = leaseCandidate(flaky, "l", wanted);
  await candidate.acquire();
  isAway = true;
  await expect(candidate.renew()).rejects.toThrow("connection lost");
  isAway = false;
  expect(await candidate.renew()).toMatchObject({ kind: "held", transitions: 0 });
});

test("a lease that makes no sense is named, with its field", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "leases"));
  await writeFile(join(directory, "leases", "l@1.json"), '{"leaseDurationSeconds": 0}');
  await expect(localStore(directory).leases.get("l")).rejects.toThrow(
    'topology document "lease l": leaseDurationSeconds is not a whole number of at least 1',
  );
  await writeFile(join(directory, "leases", "l@2.json"), "{");
  await expect(localStore(directory).leases.get("l")).rejects.toThrow(`${directory}/leases/l@2.json is not valid JSON`);
  expect(() => readLease("l", [])).toThrow('topology document "lease l": it is not an object');
});

test("a candidate without a name or with half a second is wrong at once", () => {
  const { leases } = localStore("/nonexistent");
  expect(() => leaseCandidate(leases, "l", { ...wanted, holderIdentity: "" })).toThrow("needs a name");
  expect(() => leaseCandidate(leases, "l", { ...wanted, leaseDurationSeconds: 0.5 })).toThrow("not 0.5");
});

test("without the store's directory there is no lease to take", async () => {
  const directory = join(await temporaryDirectory(), "absent");
  await expect(leaseCandidate(localStore(directory).leases, "l", wanted).acquire()).rejects.toMatchObject({
    code: "no-directory",
  });
});

test("processes that are killed while they hold or take a lease leave it to one other", async () => {
  const directory = await temporaryDirectory();
  const source = (file: string) => JSON.stringify(new URL(`../../../src/topology/${file}`, import.meta.url).href);
  // Prints every reign that it knows to be its own.
  const script = (holderIdentity: string) => `
    const { localStore } = await import(${source("local-store.ts")});
    const { leaseCandidate } = await import(${source("lease-candidate.ts")});
    const wanted = { holderIdentity: ${JSON.stringify(holderIdentity)}, leaseDurationSeconds: 1 };
    const candidate = leaseCandidate(localStore(${JSON.stringify(directory)}).leases, "l", wanted);
    for (;;) {
      const answer = await candidate.acquire();
      if (answer.kind === "held") console.log(answer.transitions);
      else await new Promise((resolve) => setTimeout(resolve, Math.min(answer.freeInMs, 50)));
    }`;
  const reigns = await Promise.all(["a", "b", "c"].map((holder) => reignsUntilKilled(script(holder), 3)));
  // However long a process was kept from renewing, no reign was believed to be theirs by two.
  const distinct = reigns.map((numbers) => [...new Set(numbers)]);
  expect(distinct.flat()).toHaveLength(new Set(distinct.flat()).size);
  expect(distinct.flat().length).toBeGreaterThanOrEqual(3);
});

/** Kills the process -9 once it has printed `count` lines; returns the lines. */
async function reignsUntilKilled(script: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.split("\n").length > count) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  return printed.trim().split("\n");
}
