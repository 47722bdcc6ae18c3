// A switchover, a failover and the way back on other versions of PostgreSQL, with real agents under load; and on one that comes
// with pg_rewind, which those of npm do not.
import { expect, onTestFinished, test } from "vitest";
import { postgresPrograms, programsWithRewind } from "../support/postgres-programs.ts";
import { describeWith } from "../support/requirement.ts";
import * as faults from "./faults.ts";
import { Trials } from "./trial.ts";

const trialMsMax = 150_000;

describeWith(["PostgreSQL 16"], "PostgreSQL 16", () => failsOver(postgresPrograms(16), false));
describeWith(["PostgreSQL 17"], "PostgreSQL 17", () => failsOver(postgresPrograms(17), false));
describeWith(["pg_rewind"], "PostgreSQL with pg_rewind", () => failsOver(programsWithRewind()!, true));

function failsOver(pgBin: string, hasRewind: boolean): void {
  test(
    "switches over, and fails over from a primary that goes on writing",
    async () => {
      const trials = await Trials.start({ pgBin });
      onTestFinished(() => trials.stop());
      for (const fault of [faults.switchover, faults.loseAgent]) {
        const { problems } = await trials.run(fault);
        expect(problems, fault.name).toEqual([]);
      }
      expect(await trials.finish()).toEqual([]);
      const decisions = await trials.stage.decisions();
      expect(decisions.some((line) => line.endsWith(" -: rewound"))).toBe(true);
      expect(decisions.some((line) => line.endsWith("the data cannot be rewound"))).toBe(!hasRewind);
    },
    trialMsMax,
  );
}
