// One running PostgreSQL, as the child of this process.
import { spawn } from "node:child_process";
import { open, stat } from "node:fs/promises";
import { AppError } from "../../src/base/app-error.ts";
import { delay } from "../../src/base/delay.ts";
import { postgresEnvironment } from "./environment.ts";
import { readPostmasterPid } from "./postmaster-pid.ts";

export interface Postmaster {
  readonly pid: number;
  /** Resolves when it has ended, with how. */
  readonly exited: Promise<string>;
  /** Resolves when it accepts connections. Throws AppError "postgres-failed", with what PostgreSQL said, if it ends. */
  ready(): Promise<void>;
  /** "fast": sessions are ended, a checkpoint is written. "immediate": at once, with recovery at the next start. */
  stop(mode: "fast" | "immediate"): void;
}

const readyPollMs = 20;

/** Standard output and error are appended to the log file. */
export async function startPostmaster(pgBin: string, dataDirectory: string, logPath: string): Promise<Postmaster> {
  const log = await open(logPath, "a", 0o600);
  const logStart = (await log.stat()).size;
  const child = spawn(`${pgBin}/postgres`, ["-D", dataDirectory], {
    stdio: ["ignore", log.fd, log.fd],
    env: postgresEnvironment(process.env),
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
        if (found?.pid === pid && found.ready) return;
        if (ended !== undefined) {
          const reason = await reasonIn(logPath, logStart);
          throw new AppError("postgres-failed", `PostgreSQL has ended while starting (${ended})${reason}`);
        }
        await delay(readyPollMs);
      }
    },
    stop(mode) {
      child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
    },
  };
}

/** What the log says since `start` about why, as an end of a sentence. */
async function reasonIn(logPath: string, start: number): Promise<string> {
  const file = await open(logPath, "r");
  try {
    const { size } = await stat(logPath);
    const from = Math.max(start, size - 100_000);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    const lines = buffer.toString("utf8", 0, bytesRead).split("\n");
    const telling = lines.filter((line) => /(FATAL|PANIC|ERROR|HINT):/.test(line));
    const last = (telling.length > 0 ? telling : lines.filter((line) => line.trim() !== "")).slice(-2);
    const words = last.map((line) => line.replace(/^.*?(FATAL|PANIC|ERROR|HINT): +/, "").trim());
    return words.length > 0 ? `: ${words.join("; ")} (more in ${logPath})` : "";
  } finally {
    await file.close();
  }
}
