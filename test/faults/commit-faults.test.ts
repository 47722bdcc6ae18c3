// Every fault at every message of the commit protocol, one case after the other, none left out: the messages are recorded
// first, and each of them gets its cases. Afterwards all shards agree, nothing is prepared, the client was told what is
// so, and the gateway serves.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommitShape, commitShapes } from "./commit-shapes.ts";
import { FaultStage } from "./fault-stage.ts";
import { type Fault, faults, messagesFor, type Thoroughness } from "./faults.ts";
import { asLine, type Place, type SeenMessage } from "./message-watch.ts";
import { RecoveryTimes } from "./recovery-times.ts";

let stage: FaultStage;
const isLong = process.env.SHARDGRES_LONG !== undefined;
const times = new RecoveryTimes();
const recordings = new Map<CommitShape, Promise<readonly SeenMessage[]>>();

beforeAll(async () => {
  stage = await FaultStage.start();
});
afterAll(async () => {
  times.print();
  await stage?.stop();
});

/** Recorded once; the proof that it is the same every time is a test of its own. */
function recordingOf(shape: CommitShape): Promise<readonly SeenMessage[]> {
  const recorded = recordings.get(shape) ?? stage.record(shape);
  recordings.set(shape, recorded);
  return recorded;
}

describe.each(commitShapes.map((shape) => [shape.name, shape] as const))("%s", (_, shape) => {
  /** Which messages each fault has struck at, and come through. */
  const struck = new Map<Fault, string[]>();

  test("its commit has the same messages every time", async () => {
    const first = sorted(await recordingOf(shape));
    expect(first.length).toBeGreaterThan(0);
    for (let round = 0; round < 5; round++) expect(sorted(await stage.record(shape))).toEqual(first);
  });

  const striking = faults.filter((fault) => thoroughness(shape, fault) !== "none");
  test.each(striking.map((fault) => [fault.name, fault] as const))("%s", { timeout: 900_000 }, async (_, fault) => {
    const failures: string[] = [];
    const lines: string[] = [];
    struck.set(fault, lines);
    for (const place of placesOf(await recordingOf(shape), shape, fault)) {
      try {
        times.add(fault.name, await stage.play(shape, [{ place, fault }]));
        lines.push(asLine(place));
      } catch (error) {
        failures.push(`${place.at} ${asLine(place)}: ${error instanceof Error ? error.message : error}`);
      }
    }
    expect(failures).toEqual([]);
  });

  test("no message has been left out", async () => {
    const recording = await stage.record(shape);
    for (const [fault, lines] of struck) {
      const wanted = messagesFor(fault, thoroughness(shape, fault), recording);
      expect([...new Set(lines)].toSorted(), fault.name).toEqual(sorted(wanted));
    }
  });
});

function sorted(seen: readonly SeenMessage[]): string[] {
  return seen.map(asLine).toSorted();
}

function thoroughness(shape: CommitShape, fault: Fault): Thoroughness {
  return isLong || shape === commitShapes[0] ? "every message" : fault.elsewhere;
}

/** On demand also within each message. */
function placesOf(recording: readonly SeenMessage[], shape: CommitShape, fault: Fault): Place[] {
  const seen = messagesFor(fault, thoroughness(shape, fault), recording);
  const before = seen.map((one) => ({ ...one, at: "before" }) as const);
  return isLong ? [...before, ...seen.map((one) => ({ ...one, at: "within" }) as const)] : before;
}
