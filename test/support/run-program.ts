// A program that a user would run, run to its end: what it is given, and all that it says.
import { spawn } from "node:child_process";

export interface ProgramOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramInput {
  /** Added to the environment of the tests. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Standard input; empty when left out. */
  readonly input?: string | Buffer;
}

/** Rejects only if the program cannot be started. */
export function runProgram(
  program: string,
  args: readonly string[],
  { environment = {}, input = "" }: ProgramInput = {},
): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: "pipe" });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // A program that ends before it has read everything says why by itself.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
