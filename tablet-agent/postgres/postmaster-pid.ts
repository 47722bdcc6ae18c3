// postmaster.pid, which PostgreSQL keeps in its data directory while it runs (source: miscadmin.h, "LOCK_FILE_LINE").
import { readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../src/base/error-code.ts";
import { processIdentity } from "../../src/base/process-identity.ts";
import { runCommand } from "../../src/base/run-command.ts";

export interface PostmasterPid {
  readonly pid: number;
  /** Whether it accepts connections. */
  readonly ready: boolean;
}

/** undefined: there is no such file, or it is not complete yet. */
export async function readPostmasterPid(dataDirectory: string): Promise<PostmasterPid | undefined> {
  try {
    return parsePostmasterPid(await readFile(join(dataDirectory, "postmaster.pid"), "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split("\n");
  // A stand-alone backend writes its pid negated.
  const pid = Math.abs(Number.parseInt(lines[0] ?? "", 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return { pid, ready: lines[7]?.trim() === "ready" };
}

/**
 * Whether this process is a PostgreSQL at work in `dataDirectory` (an absolute path without links): after a crash of the
 * machine the pid in the file may belong to anybody. A PostgreSQL process has its data directory as current directory.
 */
export async function isPostgresOf(pid: number, dataDirectory: string): Promise<boolean> {
  if (processIdentity(pid) === undefined) return false;
  if (process.platform === "linux") {
    return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === dataDirectory;
  }
  const { output } = await runCommand("ps", ["-o", "command=", "-p", String(pid)]);
  return output.includes("postgres") && output.includes(dataDirectory);
}
