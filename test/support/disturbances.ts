// What can happen to the processes of a test cluster: they are killed, they stand still for a while, their connections are
// cut. Nothing outside of the cluster's own directory is touched. Linux only.
import { delay } from "../../src/base/delay.ts";
import { processesIn } from "./launch.ts";
import type { Random } from "./random.ts";

type Process = "gateway" | "controller" | "tablet-agent" | "postmaster" | "backend";

export type Disturbance =
  | { readonly kind: "kill"; readonly process: Process }
  /** SIGSTOP, and SIGCONT after up to `stillMsMax`. */
  | { readonly kind: "still"; readonly process: Process | "all of a shard" }
  /** pg_terminate_backend for about half of a shard's clients. */
  | { readonly kind: "terminate" };

export const disturbances: readonly Disturbance[] = [
  { kind: "kill", process: "gateway" },
  { kind: "kill", process: "controller" },
  { kind: "kill", process: "tablet-agent" },
  { kind: "kill", process: "postmaster" },
  // Its postmaster takes all others down with it, and starts again.
  { kind: "kill", process: "backend" },
  { kind: "still", process: "gateway" },
  { kind: "still", process: "controller" },
  { kind: "still", process: "postmaster" },
  { kind: "still", process: "backend" },
  { kind: "still", process: "all of a shard" },
  { kind: "terminate" },
];

export function nameOf(disturbance: Disturbance): string {
  return disturbance.kind === "terminate" ? "terminate backends" : `${disturbance.kind} ${disturbance.process}`;
}

const stillMsMax = 2_000;

interface Found {
  readonly pid: number;
  readonly process: Process | undefined;
  /** undefined: none in particular. */
  readonly shard: string | undefined;
}

/** Resolves when it is over. Resolves with false, and nothing has been done, where there is no such process. */
export async function disturb(dataDir: string, disturbance: Disturbance, random: Random): Promise<boolean> {
  const victims = chooseVictims([...processesIn(dataDir)].map(recognise), disturbance, random);
  if (victims.length === 0) return false;
  switch (disturbance.kind) {
    case "kill":
      send(victims, "SIGKILL");
      return true;
    case "terminate":
      // This is all that pg_terminate_backend does.
      send(victims, "SIGTERM");
      return true;
    case "still":
      try {
        send(victims, "SIGSTOP");
        await delay(random.below(stillMsMax));
      } finally {
        send(victims, "SIGCONT");
      }
      return true;
  }
}

function chooseVictims(found: readonly Found[], disturbance: Disturbance, random: Random): Found[] {
  const shards = [...new Set(found.flatMap(({ shard }) => shard ?? []))];
  const shard = shards.length === 0 ? undefined : random.pick(shards);
  const ofShard = found.filter((each) => each.shard === shard && each.process !== "tablet-agent");
  if (disturbance.kind === "terminate")
    return ofShard.filter(({ process }) => process === "backend" && random.below(2) === 0);
  if (disturbance.process === "all of a shard") return ofShard;
  const candidates = found.filter(({ process }) => process === disturbance.process);
  return candidates.length === 0 ? [] : [random.pick(candidates)];
}

/** PostgreSQL's processes bear the name of their server, "s1-0", as cluster_name; only those of clients end with a state. */
function recognise([pid, command]: [number, string]): Found {
  const program = /(gateway|controller|tablet-agent)\/main\.ts /.exec(command)?.[1];
  if (program !== undefined) return { pid, process: program as Process, shard: / --shard (\S+)/.exec(command)?.[1] };
  const server = /\/postgres -D \S*\/shards\/(\w+)\//.exec(command)?.[1];
  if (server !== undefined) return { pid, process: "postmaster", shard: server };
  const [, shard, what = ""] = /^postgres: (\w+)-\d+: (.*)/.exec(command) ?? [];
  return { pid, process: / \[local\] | \d+\.\d+\.\d+\.\d+\(\d+\) /.test(what) ? "backend" : undefined, shard };
}

function send(victims: readonly Found[], signal: NodeJS.Signals): void {
  for (const { pid } of victims) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  }
}
