// The last decisions of an agent.
import { expect, test } from "vitest";
import { decisionLog } from "../../../tablet-agent/api/decision-log.ts";

test("what is decided again and again is kept once, with how often; the oldest give way", () => {
  let second = 0;
  const log = decisionLog(() => new Date(Date.UTC(2026, 10, 28, 19, 0, second++)), 3);
  expect(log.list()).toEqual([]);
  log.add({ kind: "promote", reason: "named" });
  for (let i = 0; i < 3; i++) log.add({ kind: "try-lease", reason: "renewal" });
  const before = log.list();
  log.add({ kind: "try-lease", reason: "it is free" });
  log.add({ kind: "wait", reason: "it is free" });
  expect(log.list()).toEqual([
    { at: "2026-11-28T19:00:01.000Z", times: 3, decision: "try-lease", reason: "renewal" },
    { at: "2026-11-28T19:00:02.000Z", times: 1, decision: "try-lease", reason: "it is free" },
    { at: "2026-11-28T19:00:03.000Z", times: 1, decision: "wait", reason: "it is free" },
  ]);
  // What was given out stays as it was.
  expect(before).toHaveLength(2);
});
