// The written cases of test/differential/cases and random statements, on a plain PostgreSQL and on a gateway over three
// shards. What they answer must be equal, or a refusal that the case file names. With SHARDGRES_LONG=1 there are thousands
// of random statements, from SHARDGRES_SEED on.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Case, readCaseFile } from "./case-file.ts";
import { runQueries, runWrites } from "./random/run-random.ts";
import { runSessions } from "./random/run-sessions.ts";
import { divergenceText, runCase } from "./run-case.ts";
import { type RunningPair, startPair } from "./servers.ts";
import type { Divergence, Protocol } from "./session-pair.ts";
import { caseDirectory, compareTables, fillTables, makeTables, mayWrite } from "./tables.ts";

const isLong = process.env.SHARDGRES_LONG === "1";
const first = Number(process.env.SHARDGRES_SEED ?? 0);

let servers: RunningPair;

beforeAll(async () => {
  servers = await startPair();
  await makeTables(servers);
});

afterAll(async () => {
  await servers?.stop();
});

const files = readdirSync(caseDirectory)
  .filter((name) => !["schema.sql", "data.sql"].includes(name))
  .map((name) => readCaseFile(join(caseDirectory, name)));

describe.each(files.filter(({ writes }) => !writes))("$name", ({ cases }) => {
  test.each([...cases])("$name", async (each) => {
    mustBeNone(await runCase(servers, each, "simple"));
  });
});

describe.each(files.filter(({ writes }) => writes))("$name", ({ cases, isSlow }) => {
  describe.each<Protocol>(isSlow && !isLong ? ["mixed"] : ["simple", "extended"])("by the %s protocol", (protocol) => {
    beforeAll(() => fillTables(servers));
    test.each([...cases])("$name", (each) => checkWrites(each, protocol));
  });
});

describe("random statements", () => {
  test("queries", { timeout: 3_600_000 }, async () => {
    expect((await runQueries(servers, { first, count: isLong ? 10_000 : 300 })).join("\n")).toBe("");
  });

  test("writes", { timeout: 3_600_000 }, async () => {
    const count = isLong ? 5_000 : 300;
    const { findings, refused } = await runWrites(servers, { first, count });
    expect(findings.join("\n")).toBe("");
    // Of the writes over several shards that anyone may think of, most must work.
    expect(refused).toBeLessThan(count / 10);
  });
});

test("sessions at once do not notice each other", { timeout: 3_600_000 }, async () => {
  await fillTables(servers);
  const findings: string[] = [];
  for (let round = 0; round < (isLong ? 50 : 1); round++) {
    findings.push(...(await runSessions(servers, { seed: first + 100 * round, sessions: 8, steps: 200 })));
  }
  expect(findings.join("\n")).toBe("");
});

async function checkWrites(each: Case, protocol: Protocol): Promise<void> {
  const divergences = await runCase(servers, each, protocol);
  const left = !mayWrite(each) ? [] : await compareTables(servers, `tables after "${each.name}"`);
  if (left.length > 0) await fillTables(servers);
  mustBeNone([...divergences, ...left]);
}

function mustBeNone(divergences: readonly Divergence[]): void {
  if (divergences.length > 0) throw new Error(`\n${divergences.map(divergenceText).join("\n")}\n`);
}
