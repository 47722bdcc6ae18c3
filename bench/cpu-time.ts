// CPU time of processes, as the kernel has counted it (proc(5), /proc/<pid>/stat). Linux only.
import { readdirSync, readFileSync } from "node:fs";

export interface CpuTime {
  /** Microseconds. */
  readonly user: number;
  readonly system: number;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const microsecondsPerTick = 10_000;

/** Of one process with all its threads; zero when there is no such process. */
export function cpuTime(pid: number): CpuTime {
  const fields = statFields(pid);
  return { user: ticks(fields, "utime"), system: ticks(fields, "stime") };
}

/** Of a server with the processes that it has started, also those that have ended. */
export function cpuTimeOfTree(pid: number): CpuTime {
  const fields = statFields(pid);
  const ended = { user: ticks(fields, "cutime"), system: ticks(fields, "cstime") };
  return [cpuTime(pid), ended, ...childrenOf(pid).map(cpuTimeOfTree)].reduce(add);
}

export function add(a: CpuTime, b: CpuTime): CpuTime {
  return { user: a.user + b.user, system: a.system + b.system };
}

export function subtract(a: CpuTime, b: CpuTime): CpuTime {
  return { user: a.user - b.user, system: a.system - b.system };
}

/** Resident memory now, in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) * 1024;
}

export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
        .split(" ")
        .filter((text) => text !== "")
        .map(Number),
    );
  } catch {
    // It has ended in the meantime.
    return [];
  }
}

/** Arguments of a process; empty when it has ended. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Positions as counted from the field behind the name, which is in parentheses and may contain anything. */
const position = { utime: 11, stime: 12, cutime: 13, cstime: 14 } as const;

function ticks(fields: readonly string[], name: keyof typeof position): number {
  return Number(fields[position[name]] ?? 0) * microsecondsPerTick;
}

function statFields(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
