// A child of the launcher that listens on a port and says which: a gateway or a controller.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/app-error.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import { type KeptProgram, keepRunning, type StartedProgram } from "./keep-running.ts";
import { startProgram } from "./program.ts";

export interface ListeningOptions {
  /** "gateway": what people call it, and its log file. */
  readonly who: string;
  readonly dataDir: string;
  /** Path of the program. */
  readonly main: string;
  /** 0: any that is free. */
  readonly port: number;
  args(port: number): readonly string[];
  /** It logs to this process' standard error instead of to its file. */
  readonly verbose: boolean;
}

/** Ready with the port that it listens on; a program that is started again gets the same. */
export function keepListening(options: ListeningOptions, report: (event: ClusterEvent) => void): KeptProgram<number> {
  const { who } = options;
  let port = options.port;
  return keepRunning({
    async start() {
      report({ kind: "doing", who, what: "starting" });
      const started = await start({ ...options, port });
      started.ready.then(
        (readyPort) => {
          port = readyPort;
          report({ kind: "ready", who });
        },
        () => {},
      );
      return started;
    },
    onCrash: (how) => report({ kind: "crashed", who, reason: `it has ended (${how})` }),
    hurrySignal: "SIGKILL",
    stopLimitMs: 5_000,
  });
}

async function start(options: ListeningOptions): Promise<StartedProgram<number>> {
  const { who, main, port } = options;
  const ready = Promise.withResolvers<number>();
  const logFile = options.verbose ? undefined : join(options.dataDir, "logs", `${who}.log`);
  const program = await startProgram({
    main,
    args: options.args(port),
    user: undefined,
    logFile,
    onLine(line) {
      const port = readyPort(line);
      if (port !== undefined) ready.resolve(port);
    },
  });
  program.exited.then(async (how) => {
    const said = logFile === undefined ? undefined : await lastLine(logFile);
    const hint = logFile === undefined ? {} : { hint: `See ${logFile}` };
    ready.reject(new AppError(`${who}-failed`, `the ${who} has ended (${how})${said ? `: ${said}` : ""}`, hint));
  });
  ready.promise.catch(() => {});
  return { program, ready: ready.promise };
}

/** Reads `{"ready":true,"port":6432}`; undefined for anything else. */
function readyPort(line: string): number | undefined {
  try {
    const { ready, port } = JSON.parse(line) as { ready?: unknown; port?: unknown };
    return ready === true && typeof port === "number" ? port : undefined;
  } catch {
    return undefined;
  }
}

async function lastLine(logFile: string): Promise<string | undefined> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const line = text.trim().split("\n").at(-1);
  try {
    const { msg } = JSON.parse(line ?? "") as { msg?: unknown };
    return typeof msg === "string" ? msg : line;
  } catch {
    return line;
  }
}
