// Where a tablet agent runs, as far as it matters for who may run PostgreSQL on a directory: within one place processes see
// each other, and pids mean something; of another place nobody knows by pids whether anything lives there.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface Place {
  /** Two processes of one place see each other, or the older one is dead. */
  readonly name: string;
  /** For people, and for fencing commands. */
  readonly machine: string;
}

/**
 * `machine`: a name that nobody else has, and under which nothing of before is left when it starts anew, as the uid of a pod
 * is. undefined: the place is this start of this machine, or container.
 */
export function placeOf(machine: string | undefined): Place {
  if (machine !== undefined) return { name: machine, machine };
  return { name: `${hostname()} ${startOfMachine()}`, machine: hostname() };
}

function startOfMachine(): string {
  if (process.platform !== "linux") return "";
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
}
