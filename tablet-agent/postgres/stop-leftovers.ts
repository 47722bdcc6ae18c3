// Ends what an agent before this one has left running in a data directory when it was killed: a whole PostgreSQL, or
// backends whose postmaster is gone and which would keep a new one from starting.
import { readdir, readFile, realpath } from "node:fs/promises";
import { AppError } from "../../src/base/app-error.ts";
import { delay } from "../../src/base/delay.ts";
import { errorCode } from "../../src/base/error-code.ts";
import { isSameProcess, processIdentity } from "../../src/base/process-identity.ts";
import { runCommand } from "../../src/base/run-command.ts";
import { isPostgresOf, readPostmasterPid } from "./postmaster-pid.ts";

const pollMs = 20;
/** Manual: "Shutting Down the Server". Fast, then immediate, then what needs recovery all the same. */
const steps = [
  ["SIGINT", 10_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
] as const;

/** Whether there was anything. Throws AppError "leftover-process" for one that cannot be ended. */
export async function stopLeftovers(dataDirectory: string): Promise<boolean> {
  const directory = await realpath(dataDirectory);
  const postmaster = (await readPostmasterPid(directory))?.pid;
  const found = postmaster !== undefined && (await isPostgresOf(postmaster, directory));
  if (found) await end(postmaster, steps);
  const orphans = await postgresProcessesIn(directory);
  await Promise.all(orphans.map((pid) => end(pid, steps.slice(1))));
  return found || orphans.length > 0;
}

/**
 * Ends a PostgreSQL at once, frozen processes too: a backend whose postmaster is gone ends by itself, but not while it is
 * frozen, and what it has in memory keeps a new PostgreSQL from starting.
 */
export async function killPostgres(postmaster: number, dataDirectory: string): Promise<void> {
  const directory = await realpath(dataDirectory);
  const children = await childrenOf(postmaster);
  send(postmaster, "SIGKILL");
  const killed = [postmaster, ...children, ...(await postgresProcessesIn(directory))];
  await Promise.all(killed.map((pid) => end(pid, steps.slice(-1))));
}

/** Where processes at work in a directory cannot be found by that. */
async function childrenOf(postmaster: number): Promise<number[]> {
  if (process.platform === "linux") return [];
  const { output } = await runCommand("ps", ["-axo", "pid=,ppid="]);
  const pairs = output.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, parent]) => (parent === postmaster && pid !== undefined ? [pid] : []));
}

/** All processes of this user that are PostgreSQL at work in the directory. Elsewhere than on Linux: none. */
async function postgresProcessesIn(directory: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !(await isPostgresOf(pid, directory))) continue;
    const command = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (command.trim() === "postgres") found.push(pid);
  }
  return found;
}

async function end(pid: number, signals: readonly (readonly [NodeJS.Signals, number])[]): Promise<void> {
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  for (const [signal, limitMs] of signals) {
    if (!send(pid, signal)) return;
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += pollMs) {
      if (!isSameProcess(pid, identity)) return;
      await delay(pollMs);
    }
  }
  throw new AppError("leftover-process", `process ${pid} of an earlier start cannot be ended`);
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}
