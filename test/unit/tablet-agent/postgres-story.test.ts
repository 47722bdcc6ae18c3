// What PostgreSQL has been through, as decisions depend on it.
import { expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import type { DataState } from "../../../tablet-agent/postgres/server.ts";
import { postgresStory } from "../../../tablet-agent/postgres-story.ts";

const data = (state: DataState["state"]): DataState => ({
  systemIdentifier: "1",
  state,
  timeline: 1,
  checkpointLsn: 0,
});

function told(state?: DataState["state"]) {
  let nowMs = 1_000;
  const story = postgresStory(state && data(state), () => nowMs);
  return {
    story,
    at(ms: number) {
      nowMs = ms;
    },
  };
}

test("what the control file says is how the last run ended", () => {
  expect(told("shut-down").story.stopped()).toMatchObject({ how: "cleanly", failures: 0, downSinceMs: 1_000 });
  expect(told("shut-down-in-recovery").story.stopped()?.how).toBe("cleanly");
  expect(told("in-production").story.stopped()?.how).toBe("crashed");
  expect(told("in-recovery").story.stopped()?.how).toBe("crashed");
  expect(told().story.stopped()?.how).toBe("cleanly");
});

test("failed starts do not change since when clients have had none; a start that succeeds does", () => {
  const { story, at } = told("shut-down");
  story.started();
  expect(story.stopped()).toBeUndefined();
  at(5_000);
  story.failed();
  at(6_000);
  story.startFailed(new AppError("disk-full", "no room"));
  expect(story.stopped()).toEqual({ how: "disk-full", sinceMs: 6_000, downSinceMs: 5_000, failures: 2 });
  story.startFailed(new AppError("corrupt-data", "no checkpoint"));
  expect(story.stopped()?.how).toBe("damaged");
  story.startFailed(new Error("anything else"));
  expect(story.stopped()?.how).toBe("crashed");
  at(7_000);
  story.started();
  at(8_000);
  expect([story.stopped(), story.downSinceMs()]).toEqual([undefined, 8_000]);
});

test("only what was not asked for counts as a failure, and for a minute", () => {
  const { story, at } = told("shut-down");
  story.started();
  story.stoppedByAgent("crashed");
  expect(story.stopped()).toMatchObject({ how: "crashed", failures: 0 });
  story.failed();
  at(60_999);
  expect(story.stopped()?.failures).toBe(1);
  at(61_000);
  expect(story.stopped()?.failures).toBe(0);
});

test("data that were damaged and have been replaced are not damaged any more; clients have had none all the while", () => {
  const { story, at } = told("shut-down");
  for (let i = 0; i < 3; i++) story.startFailed(new AppError("corrupt-data", "no checkpoint"));
  at(6_000);
  story.cloned();
  expect(story.stopped()).toEqual({ how: "cleanly", sinceMs: 6_000, downSinceMs: 1_000, failures: 0 });
});
