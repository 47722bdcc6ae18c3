// Messages between hosts: late, out of order, lost, and cut in one direction. A process that is paused gets what has
// arrived when it goes on; one that is not running never.
import type { Random } from "../support/random.ts";
import type { Events } from "./events.ts";

export interface Process {
  readonly host: string;
  running: boolean;
  paused: boolean;
  /** Rises with every start: what was sent to an earlier run does not reach a later one. */
  run: number;
  readonly inbox: (() => void)[];
}

export interface Network {
  /** "a>b": nothing gets from host a to host b. */
  readonly cuts: Set<string>;
  /** Share of the messages that is lost. */
  loss: number;
  send(from: string, to: Process, deliver: () => void): void;
}

export function makeProcess(host: string): Process {
  return { host, running: true, paused: false, run: 1, inbox: [] };
}

export function startProcess(process: Process): void {
  if (!process.running) process.run++;
  process.running = true;
}

export function stopProcess(process: Process): void {
  process.running = false;
  process.paused = false;
  process.inbox.length = 0;
}

export function resumeProcess(process: Process): void {
  process.paused = false;
  for (const deliver of process.inbox.splice(0)) deliver();
}

export function makeNetwork(events: Events, random: (host: string) => Random): Network {
  const network: Network = {
    cuts: new Set(),
    loss: 0,
    send(from, to, deliver) {
      if (network.cuts.has(`${from}>${to.host}`) || random(from).next() < network.loss) return;
      const { run } = to;
      const luck = random(from).next();
      // One in 32 is slow.
      events.after(1 + (luck < 31 / 32 ? luck * 20 : (luck * 32 - 31) * 1500), () => {
        if (!to.running || to.run !== run) return;
        if (to.paused) to.inbox.push(deliver);
        else deliver();
      });
    },
  };
  return network;
}
