// One running PostgreSQL, as the child of this process.
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { delay } from "../../src/base/delay.ts";
import { postgresEnvironment } from "./environment.ts";
import { logSince, startFailure } from "./failure-reason.ts";
import { readPostmasterPid } from "./postmaster-pid.ts";

export interface Postmaster {
  readonly pid: number;
  /** Resolves when it has ended, with how. */
  readonly exited: Promise<string>;
  /**
   * Resolves when it accepts connections. Throws AppError "disk-full", "corrupt-data" or "postgres-failed", with what
   * PostgreSQL said, if it ends.
   */
  ready(): Promise<void>;
  /**
   * "smart": when all sessions have ended by themselves. "fast": sessions are ended, a checkpoint is written. "immediate": at
   * once, with recovery at the next start.
   */
  stop(mode: keyof typeof stopSignals): void;
  /** It reads its configuration again, and has everybody do so. */
  reload(): void;
}

const readyPollMs = 10;

/** Manual: "Shutting Down the Server". */
const stopSignals = { smart: "SIGTERM", fast: "SIGINT", immediate: "SIGQUIT" } as const;

/** Standard output and error are appended to the log file. `environment` is added to PostgreSQL's own. */
export async function startPostmaster(
  pgBin: string,
  dataDirectory: string,
  logPath: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Postmaster> {
  const log = await open(logPath, "a", 0o600);
  const logStart = (await log.stat()).size;
  const child = spawn(`${pgBin}/postgres`, ["-D", dataDirectory], {
    stdio: ["ignore", log.fd, log.fd],
    env: { ...postgresEnvironment(process.env), ...environment },
  });
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ended ??= how;
      resolve(ended);
    };
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  await log.close();
  const pid = child.pid ?? -1;
  return {
    pid,
    exited,
    async ready() {
      for (;;) {
        const found = await readPostmasterPid(dataDirectory);
        if (ended !== undefined) throw startFailure(ended, await logSince(logPath, logStart), logPath);
        if (found?.pid === pid && found.ready) return;
        await delay(readyPollMs);
      }
    },
    stop(mode) {
      child.kill(stopSignals[mode]);
    },
    reload() {
      child.kill("SIGHUP");
    },
  };
}
