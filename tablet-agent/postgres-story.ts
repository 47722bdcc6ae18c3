// What this tablet's PostgreSQL has been through, as far as decisions depend on it: how it ended, since when clients have
// had none here, how often it has failed lately.
import { AppError } from "../src/base/app-error.ts";
import type { DataState } from "./postgres/server.ts";

export type Ending = "cleanly" | "crashed" | "disk-full" | "damaged";

export interface PostgresStory {
  /** undefined: it runs. */
  stopped(): Stopped | undefined;
  /** Since when clients have had no PostgreSQL here; the present, while it runs. */
  downSinceMs(): number;
  /** It accepts connections. */
  started(): void;
  /** As it was asked to. */
  stoppedByAgent(how: "cleanly" | "crashed"): void;
  /** By itself, or it had to be killed. */
  failed(): void;
  startFailed(error: unknown): void;
  /** What it has been through with other data says nothing of these. */
  cloned(): void;
}

interface Stopped {
  readonly how: Ending;
  readonly sinceMs: number;
  readonly downSinceMs: number;
  readonly failures: number;
}

const failuresCountForMs = 60_000;

/** `data`: as it was found when the agent started. */
export function postgresStory(data: DataState | undefined, now: () => number): PostgresStory {
  const found = data === undefined || data.state.startsWith("shut-down") ? "cleanly" : "crashed";
  let end: { readonly how: Ending; readonly sinceMs: number } | undefined = { how: found, sinceMs: now() };
  let downSinceMs: number | undefined = now();
  let failedAtMs: number[] = [];

  const fail = (how: Ending) => {
    const nowMs = now();
    failedAtMs = [...failedAtMs.filter((atMs) => nowMs - atMs < failuresCountForMs), nowMs];
    end = { how, sinceMs: nowMs };
    downSinceMs ??= nowMs;
  };

  return {
    stopped() {
      if (!end) return undefined;
      const failures = failedAtMs.filter((atMs) => now() - atMs < failuresCountForMs).length;
      return { ...end, downSinceMs: downSinceMs ?? end.sinceMs, failures };
    },
    downSinceMs: () => downSinceMs ?? now(),
    started() {
      end = undefined;
      downSinceMs = undefined;
    },
    stoppedByAgent(how) {
      end = { how, sinceMs: now() };
      downSinceMs ??= now();
    },
    failed: () => fail("crashed"),
    startFailed: (error) => fail(endingOf(error)),
    cloned() {
      failedAtMs = [];
      end = { how: "cleanly", sinceMs: now() };
    },
  };
}

/** Only what PostgreSQL has found to be damaged counts as that: it may be replaced by a clone. */
function endingOf(error: unknown): Ending {
  const code = error instanceof AppError ? error.code : undefined;
  if (code === "disk-full") return "disk-full";
  return code === "corrupt-data" ? "damaged" : "crashed";
}
