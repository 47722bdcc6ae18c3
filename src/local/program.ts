// One of Shardgres' own programs, running as a child: a gateway or a tablet agent. It stops by itself when this process
// is gone, however that happens (base/follow-parent).
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { rotateLog } from "../base/rotate-log.ts";
import type { ServerUser } from "./server-user.ts";

export interface ProgramOptions {
  /** Path of the program's main file. */
  readonly main: string;
  readonly args: readonly string[];
  /** undefined: the user of this process. */
  readonly user: ServerUser | undefined;
  /** Standard error is appended to this file; undefined: goes where this process' goes. */
  readonly logFile: string | undefined;
  readonly onLine: (line: string) => void;
  /** Besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Program {
  readonly pid: number | undefined;
  /** Resolves when it has ended, with how: "exit code 1", "signal SIGKILL". All its lines have been given by then. */
  readonly exited: Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

const followParent = new URL("../base/follow-parent.ts", import.meta.url).href;
/** Node keeps compiled sources here, which halves the time that a start takes; where it may not write, it does without. */
const compileCache = fileURLToPath(new URL("../../node_modules/.cache/shardgres", import.meta.url));

export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { main, args, user, logFile, onLine, environment } = options;
  if (logFile !== undefined) await rotateLog(logFile);
  const log = logFile === undefined ? undefined : await open(logFile, "a", 0o644);
  const child = spawn(process.execPath, ["--import", followParent, main, ...args], {
    cwd: "/",
    // A process group of its own: Ctrl-C at the terminal reaches the launcher alone, which stops all in the right order.
    detached: true,
    stdio: ["pipe", "pipe", log?.fd ?? "inherit"],
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env, ...environment },
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  await log?.close();
  const { stdin, stdout } = child;
  stdin?.on("error", () => {});
  if (stdout) createInterface({ input: stdout }).on("line", onLine);
  const exited = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  return { pid: child.pid, exited, kill: (signal) => child.kill(signal) };
}
