// What `shardgres local` shows while things happen, with a clock that the test turns.
import { expect, test } from "vitest";
import { createLocalReport } from "../../../src/cli/local-report.ts";

function scene(isTerminal: boolean) {
  let written = "";
  let nowMs = 0;
  const write = (text: string) => {
    written += text;
  };
  const report = createLocalReport({ isTerminal, write, now: () => nowMs }, ".shardgres");
  report.onEvent({ kind: "found", tablets: ["s1", "s2"], shards: ["s1", "s2"], postgres: "18.4", dataDir: "/d" });
  return {
    report,
    at(ms: number) {
      nowMs = ms;
      return report;
    },
    taken() {
      const text = written;
      written = "";
      return text;
    },
  };
}

test("without a terminal there is a line for each program when it is ready", () => {
  const { at, taken } = scene(false);
  expect(taken()).toBe("shardgres local: 2 shards, PostgreSQL 18.4, data in .shardgres\n");
  at(0).onEvent({ kind: "doing", who: "s1", what: "initialising" });
  at(1000).onEvent({ kind: "doing", who: "s1", what: "starting" });
  expect(taken()).toBe("");
  at(1900).onEvent({ kind: "ready", who: "s1" });
  at(2000).onEvent({ kind: "ready", who: "s2" });
  at(2000).onEvent({ kind: "doing", who: "gateway", what: "starting" });
  at(2000).onEvent({ kind: "doing", who: "controller", what: "starting" });
  at(2200).onEvent({ kind: "ready", who: "controller" });
  at(2340).onEvent({ kind: "ready", who: "gateway" });
  expect(taken()).toBe(
    "  s1          initialising ... ready (1.9 s)\n  s2          starting ... ready (2.0 s)\n" +
      "  controller  starting ... ready (0.2 s)\n  gateway     starting ... ready (0.3 s)\n",
  );
});

test("on a terminal the lines are redrawn in place", () => {
  const { at, taken } = scene(true);
  taken();
  at(1500).onEvent({ kind: "ready", who: "s2" });
  expect(taken()).toBe("\x1b[2A\x1b[2K  s1          starting ...\n\x1b[2K  s2          starting ... ready (1.5 s)\n");
});

test("later, events are news, until the cluster stops", () => {
  const { report, taken } = scene(false);
  report.started();
  taken();
  report.onEvent({ kind: "crashed", who: "s1", reason: "PostgreSQL has ended by itself (signal SIGKILL)" });
  report.onEvent({ kind: "doing", who: "s1", what: "starting" });
  report.onEvent({ kind: "ready", who: "s1" });
  expect(taken()).toBe("s1: PostgreSQL has ended by itself (signal SIGKILL); starting it again\ns1 is running again\n");
  report.onEvent({ kind: "stopping" });
  report.onEvent({ kind: "crashed", who: "s1", reason: "it has ended" });
  expect(taken()).toBe("stopping ...\n");
});
