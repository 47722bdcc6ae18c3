// How long a client waits for a commit that is held up, and what it is told: a decided one is reported before it is seen
// everywhere, and where nobody knows, it is told how to ask later.
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { delay } from "../../src/base/delay.ts";
import { processesIn } from "../support/launch.ts";
import { commitShapes } from "./commit-shapes.ts";
import { FaultStage } from "./fault-stage.ts";
import type { Fault } from "./faults.ts";
import { asLine, type Place } from "./message-watch.ts";
import { continueServer, stopServer } from "./server-processes.ts";

let stage: FaultStage;
/** Second and third shard; the second is the keeper. */
const [shape] = commitShapes;

beforeAll(async () => {
  stage = await FaultStage.start();
});
afterAll(() => stage?.stop());

async function placeOf(direction: string, step: string): Promise<Place> {
  const seen = (await stage.record(shape!)).find(
    ({ message }) => message.direction === direction && message.step === step,
  );
  return { ...seen!, at: "before" };
}

function outage(milliseconds: number): Fault {
  return {
    name: "the shard is away for longer than anybody waits",
    isFor: () => true,
    resolver: false,
    elsewhere: "none",
    async strike({ cluster, shard, connection }) {
      // The whole machine: its agent would end a PostgreSQL that stands still.
      const dataDirectory = cluster.dataDirectory(shard);
      const stopped = [agentPid(dataDirectory), ...stopServer(dataDirectory)];
      process.kill(stopped[0]!, "SIGSTOP");
      connection.cut();
      await delay(milliseconds);
      continueServer(stopped);
    },
  };
}

function agentPid(dataDirectory: string): number {
  const found = [...processesIn(dirname(dataDirectory))].find(([, command]) =>
    command.includes("tablet-agent/main.ts"),
  );
  if (!found) throw new Error(`there is no agent of ${dataDirectory}`);
  return found[0];
}

test("a shard that takes long to show what is committed: COMMIT after a second, and a warning that names it", async () => {
  const place = await placeOf("request", "commit-prepared");
  const { outcome, isCommitted, answeredMs, notices } = await stage.play(shape!, [{ place, fault: outage(2_500) }]);
  expect([outcome.kind, isCommitted]).toEqual(["committed", true]);
  expect(answeredMs).toBeGreaterThan(900);
  expect(answeredMs).toBeLessThan(2_000);
  expect(notices).toMatchObject([{ severity: "WARNING", code: "01000" }]);
  expect(notices[0]!.message).toMatch(/^the transaction is committed, but shard "s3" does not show it yet .*\bsg_\S+/);
});

describe("a keeper that is lost at its COMMIT, and not there to be asked", () => {
  test.each([
    ["before it had the request: aborted", "request", false],
    ["before its answer: committed", "answer", true],
  ] as const)("%s", async (_, direction, isThere) => {
    const place = await placeOf(direction, "record+commit");
    expect(asLine(place)).toMatch(/^s2 /);
    const report = await stage.play(shape!, [{ place, fault: outage(6_500) }]);
    expect(report.outcome).toMatchObject({ kind: "error", code: "08007", gid: expect.stringMatching(/^sg_.*_s2$/) });
    expect(report.isCommitted).toBe(isThere);
    expect(report.answeredMs).toBeGreaterThan(4_500);
    expect(report.answeredMs).toBeLessThan(6_400);
  });
});
