// Which process a number means. A pid is used again sooner or later; pid and time of birth together are not.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { errorCode } from "./error-code.ts";

const unreadable = "unreadable";

/** A text that no process had before and none will have again. undefined: no such process, or only its zombie. */
export function processIdentity(pid: number): string | undefined {
  if (!exists(pid)) return undefined;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** Whether the process that had this identity still runs. When it cannot be told, it does. */
export function isSameProcess(pid: number, identity: string): boolean {
  const now = processIdentity(pid);
  return now === identity || now === unreadable || (now !== undefined && identity === unreadable);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

/** proc_pid_stat(5): the name in parentheses may contain anything, so fields are counted from the last parenthesis. */
function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}:${fields[19]}`;
  } catch {
    return exists(pid) ? unreadable : undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env: { LC_ALL: "C" } });
    const [state = "", ...birth] = line.toString().trim().split(/\s+/);
    return state.startsWith("Z") ? undefined : birth.join(" ");
  } catch {
    return exists(pid) ? unreadable : undefined;
  }
}
