// Every fault at every message of a resolver that ends a transaction in doubt: whatever happens to it, the transaction ends
// as the keeper has decided, on all shards, by this resolver or the next one.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FaultStage } from "./fault-stage.ts";
import { type Fault, faults, messagesFor } from "./faults.ts";
import { resolveInDoubt } from "./in-doubt.ts";
import { asLine, type SeenMessage } from "./message-watch.ts";
import { RecoveryTimes } from "./recovery-times.ts";

const isLong = process.env.SHARDGRES_LONG !== undefined;
let stage: FaultStage;
const times = new RecoveryTimes();

beforeAll(async () => {
  stage = await FaultStage.start();
});
afterAll(async () => {
  times.print();
  await stage?.stop();
});

const resolverKilled: Fault = {
  name: "the resolver is killed, and another one takes over",
  isFor: () => true,
  resolver: false,
  elsewhere: "first and last messages",
  async strike({ cluster, connection }) {
    await cluster.killResolver();
    connection.cut();
  },
};
const resolverFaults = [...faults.filter(({ name }) => !name.includes("gateway")), resolverKilled];

describe.each([
  ["decided to be committed", true],
  ["not decided, and so to be aborted", false],
] as const)("a transaction in doubt, %s", (_, decided) => {
  let recording: readonly SeenMessage[];
  const sorted = (seen: readonly SeenMessage[]) => seen.map(asLine).toSorted();

  test("is ended by the same messages every time", async () => {
    recording = (await resolveInDoubt(stage, decided)).seen;
    const end = decided ? "commit-prepared" : "rollback-prepared";
    expect(new Set(recording.map(({ message }) => message.step))).toEqual(new Set(["decide", end]));
    for (let round = 0; round < 3; round++) {
      expect(sorted((await resolveInDoubt(stage, decided)).seen)).toEqual(sorted(recording));
    }
  });

  const striking = resolverFaults.filter(({ elsewhere }) => isLong || elsewhere !== "none");
  test.each(striking.map((fault) => [fault.name, fault] as const))("%s", { timeout: 600_000 }, async (__, fault) => {
    const places = messagesFor(fault, isLong ? "every message" : fault.elsewhere, recording);
    expect(places.length).toBeGreaterThan(0);
    const failures: string[] = [];
    for (const seen of places) {
      try {
        const planned = [{ place: { ...seen, at: "before" } as const, fault }];
        times.add(fault.name, await resolveInDoubt(stage, decided, planned, fault === resolverKilled));
      } catch (error) {
        failures.push(`${asLine(seen)}: ${error instanceof Error ? error.message : error}`);
      }
    }
    expect(failures).toEqual([]);
  });
});
