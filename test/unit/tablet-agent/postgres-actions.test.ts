// One thing at a time is done to PostgreSQL, what is urgent comes first, and what has failed is not tried again at once.
import { expect, test } from "vitest";
import { createLog } from "../../../src/base/log.ts";
import { postgresActions } from "../../../tablet-agent/postgres-actions.ts";

function stage() {
  let nowMs = 0;
  const ended: string[] = [];
  const stuck: string[] = [];
  const actions = postgresActions({
    now: () => nowMs,
    onEnd: () => ended.push("end"),
    onStuck: (name) => stuck.push(name),
    log: createLog("test", "silent"),
  });
  return {
    actions,
    ended,
    stuck,
    wait(ms: number) {
      nowMs += ms;
    },
  };
}

test("while something is done, nothing else begins", async () => {
  const { actions, ended } = stage();
  const first = Promise.withResolvers<void>();
  let second = false;
  actions.begin("first", () => first.promise);
  actions.begin("second", async () => {
    second = true;
  });
  expect(actions.running).toBe("first");
  first.resolve();
  await actions.settled();
  expect([actions.running, second, ended.length]).toEqual([undefined, false, 1]);
  actions.begin("second", async () => {
    second = true;
  });
  await actions.settled();
  expect(second).toBe(true);
});

test("what is urgent breaks off what is done, and waits for its end", async () => {
  const { actions } = stage();
  const story: string[] = [];
  actions.begin("slow", async (signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    story.push("broken off");
    throw new Error("because it was broken off");
  });
  const urgent = actions.urgently("urgent", async () => {
    story.push("urgent");
    return 7;
  });
  actions.begin("late", async () => {
    story.push("never");
  });
  expect(await urgent).toBe(7);
  await actions.settled();
  expect(story).toEqual(["broken off", "urgent"]);
});

test("an error of what is urgent is its caller's, and the next one goes on", async () => {
  const { actions } = stage();
  const failing = actions.urgently("failing", () => Promise.reject(new Error("no")));
  const next = actions.urgently("next", async () => "done");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("done");
});

test("what has failed waits before it is tried again; something else does not", async () => {
  const { actions, wait } = stage();
  let tries = 0;
  const fail = async () => {
    tries++;
    throw new Error("no");
  };
  for (let i = 0; i < 5; i++) {
    actions.begin("failing", fail);
    await actions.settled();
  }
  expect(tries).toBe(1);
  let other = false;
  actions.begin("other", async () => {
    other = true;
  });
  await actions.settled();
  expect(other).toBe(true);
  wait(200);
  actions.begin("failing", fail);
  await actions.settled();
  expect(tries).toBe(2);
});
