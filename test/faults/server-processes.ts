// All processes of one PostgreSQL at once: killed as by a power failure, or stopped as on a machine that hangs. Linux only.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/base/error-code.ts";

/** Of the postmaster that runs in a data directory. */
export function postmasterPid(dataDirectory: string): number {
  return Number(readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n")[0]);
}

/** SIGKILL to the postmaster and all that it has started. */
export function killServer(dataDirectory: string): void {
  for (const pid of stopServer(dataDirectory)) send(pid, "SIGKILL");
}

/** SIGSTOP to all of them; returns whom `continueServer` has to wake. */
export function stopServer(dataDirectory: string): number[] {
  const postmaster = postmasterPid(dataDirectory);
  // It goes first, so that it starts nobody meanwhile.
  send(postmaster, "SIGSTOP");
  const children = childrenOf(postmaster);
  for (const pid of children) send(pid, "SIGSTOP");
  return [postmaster, ...children];
}

export function continueServer(pids: readonly number[]): void {
  for (const pid of pids.toReversed()) send(pid, "SIGCONT");
}

/** proc_pid_stat(5): the name in parentheses may contain anything, so fields are counted from the last parenthesis. */
function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!Number.isInteger(pid)) return false;
      try {
        const stat = readFileSync(join("/proc", String(pid), "stat"), "latin1");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent;
      } catch {
        return false;
      }
    });
}

/** Who has ended meanwhile needs no signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
