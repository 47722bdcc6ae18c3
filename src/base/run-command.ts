// Runs a program to its end and keeps what it said.
import { spawn } from "node:child_process";

export interface CommandResult {
  readonly succeeded: boolean;
  /** Standard output and standard error as they came; the operating system's message if it could not be started. */
  readonly output: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Who it runs as, if this process is root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal;
}

const outputLengthMax = 1_000_000;

/** Never rejects. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { input = "", ...options }: CommandOptions = {},
): Promise<CommandResult> {
  return await new Promise((resolve) => {
    const child = spawn(command, args, options);
    let output = "";
    const keep = (chunk: Buffer) => {
      if (output.length < outputLengthMax) output += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.on("error", (error) => resolve({ succeeded: false, output: output || error.message }));
    child.on("close", (code) => resolve({ succeeded: code === 0, output }));
  });
}
