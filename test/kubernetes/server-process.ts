// One server of a control plane as a process that tests may stop, kill, freeze and start again at the same place.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { eventually } from "../support/eventually.ts";

export interface ServerProcess {
  readonly pid: number;
  /** Ends it if it runs, and starts it with these arguments instead of those before. */
  restart(args?: readonly string[]): Promise<void>;
  /** SIGKILL by default. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
}

export interface ServerProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Whether it can be used; may throw. */
  readonly isReady: () => Promise<boolean>;
}

/** Resolves when it is ready. Throws with the end of its log if it ends instead. */
export async function startServer(server: ServerProgram): Promise<ServerProcess> {
  let child: ChildProcess | undefined;
  let args = server.args;
  process.once("exit", () => child?.kill("SIGKILL"));

  const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null;

  async function launch(): Promise<void> {
    const log = openSync(server.logFile, "a");
    child = spawn(server.program, args, { stdio: ["ignore", log, log] });
    await once(child, "spawn");
    await eventually(async () => hasEnded() || (await server.isReady()));
    if (hasEnded())
      throw new Error(`${server.program} has ended:\n${readFileSync(server.logFile, "utf8").slice(-3_000)}`);
  }

  async function stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!child || hasEnded()) return;
    const ended = once(child, "exit");
    child.kill(signal);
    child.kill("SIGCONT");
    await ended;
  }

  await launch();
  return {
    get pid() {
      return child?.pid ?? -1;
    },
    async restart(newArgs = args) {
      await stop();
      args = newArgs;
      await launch();
    },
    stop,
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
  };
}
