// `shardgres local` as a user starts it, for tests of what happens around it.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Launch {
  readonly pid: number;
  /** All that it has printed, standard output and standard error. */
  printed(): string;
  /** Resolves with all that it has printed, once that contains `text`; rejects if it ends before. */
  until(text: string): Promise<string>;
  /** Resolves with the exit code when it has ended. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export function launch(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Launch {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, SHARDGRES_FSYNC: "off", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let changed = () => {};
  const keep = (chunk: Buffer) => {
    printed += chunk.toString();
    changed();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let ended = false;
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on("close", (code, signal) => {
      ended = true;
      changed();
      resolve(code ?? signal);
    });
  });
  return {
    pid: child.pid ?? -1,
    printed: () => printed,
    exited,
    kill: (signal) => child.kill(signal),
    async until(text) {
      while (!printed.includes(text)) {
        if (ended) throw new Error(`it ended without printing "${text}" but:\n${printed}`);
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
      return printed;
    },
  };
}

/** Pids of all processes that have to do with a directory: named on their command line, or at work in it. Linux only. */
export function processesIn(directory: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const command = readFileSync(join("/proc", name, "cmdline"), "utf8").replaceAll("\0", " ");
      const at = readlinkSync(join("/proc", name, "cwd"));
      if (command !== "" && (command.includes(directory) || at.startsWith(directory))) found.set(pid, command);
    } catch {
      // It has ended in the meantime.
    }
  }
  return found;
}
