// A second fault while the gateway cleans up after a first one: at every message that follows a connection that was cut,
// wherever in the commit it was cut.
import { afterAll, beforeAll, expect, test } from "vitest";
import { commitShapes } from "./commit-shapes.ts";
import { FaultStage } from "./fault-stage.ts";
import { faults, messagesFor } from "./faults.ts";
import { asLine, type Place } from "./message-watch.ts";
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

const shapes = isLong ? commitShapes : commitShapes.slice(0, 1);
const cut = faults.find(({ name }) => name === "the connection is cut")!;
const seconds = faults.filter((fault) => fault === cut || (isLong && fault.elsewhere !== "none"));
const cases = shapes.flatMap((shape) => seconds.map((second) => [shape.name, second.name, shape, second] as const));

test.each(cases)("%s: the connection is cut, then: %s", { timeout: 3_600_000 }, async (_, __, shape, second) => {
  const failures: string[] = [];
  let count = 0;
  const thoroughness = isLong ? "every message" : "first and last messages";
  for (const first of messagesFor(cut, thoroughness, await stage.record(shape))) {
    const firstStrike = { place: { ...first, at: "before" } as Place, fault: cut };
    const { seenAfter } = await stage.play(shape, [firstStrike]);
    for (const seen of seenAfter.filter(({ message }) => second.isFor(message))) {
      try {
        const secondStrike = { place: { ...seen, at: "before" } as Place, fault: second };
        times.add(second.name, await stage.play(shape, [firstStrike, secondStrike]));
        count++;
      } catch (error) {
        failures.push(`${asLine(first)}, ${asLine(seen)}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  expect(failures).toEqual([]);
  expect(count).toBeGreaterThan(0);
});
