// The options of `npm run bench`, and the cells that they ask for: a workload, a protocol, a number of clients.
import { parseArgs } from "node:util";
import { type ContestantName, contestantNames } from "./contestant.ts";
import type { Protocol } from "./pgbench.ts";
import { type Workload, workloads } from "./workload.ts";

export interface Cell {
  readonly workload: Workload;
  readonly protocol: Protocol;
  readonly clients: number;
}

export interface BenchOptions {
  readonly contestants: readonly ContestantName[];
  readonly cells: readonly Cell[];
  readonly seconds: number;
  readonly rounds: number;
  readonly scale: number;
  /** File for all measurements. */
  readonly json: string | undefined;
}

export const benchHelp = `Usage: npm run bench -- [options]
       npm run bench -- transactions [options]    (--help tells them)
       npm run bench -- failover [options]        (the same)

Runs pgbench against several contestants in turn and compares them with the
first one, a single PostgreSQL without anything in between.

  --quick             few cells, short runs: under three minutes
  --workloads LIST    of select-only, tpcb (default both)
  --protocols LIST    of simple, extended, prepared (default all)
  --clients LIST      (default 1,8,32)
  --contestants LIST  of ${contestantNames.join(", ")} (default all)
  --seconds N         length of one run (default 5; quick: 1)
  --rounds N          runs of each contestant in each cell (default 5; quick: 2)
  --scale N           of pgbench's tables: N times 100,000 accounts (default 10; quick: 4)
  --json FILE         also write all measurements there
  --help              print this
`;

/** undefined: help is wanted. Throws Error for what is no option. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: flag,
      workloads: text,
      protocols: text,
      clients: text,
      contestants: text,
      seconds: text,
      rounds: text,
      scale: text,
      json: text,
      help: flag,
    },
  });
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  const protocols = chosen("--protocols", values.protocols, quick ? quickProtocols : allProtocols);
  const wanted = chosen(
    "--workloads",
    values.workloads,
    workloads.map(({ name }) => name),
  );
  const clients =
    values.clients?.split(",").map((item) => positive("--clients", item)) ?? (quick ? [8, 32] : [1, 8, 32]);
  const contestants = chosen("--contestants", values.contestants, contestantNames);
  return {
    contestants: ["direct", ...contestants.filter((name) => name !== "direct")],
    cells: workloads
      .filter(({ name }) => wanted.includes(name))
      .flatMap((workload) =>
        protocols.flatMap((protocol) => clients.map((count) => ({ workload, protocol, clients: count }))),
      ),
    seconds: positive("--seconds", values.seconds ?? (quick ? "1" : "5")),
    rounds: positive("--rounds", values.rounds ?? (quick ? "2" : "5")),
    scale: positive("--scale", values.scale ?? (quick ? "4" : "10")),
    json: values.json,
  };
}

const allProtocols: readonly Protocol[] = ["simple", "extended", "prepared"];
const quickProtocols: readonly Protocol[] = ["simple", "prepared"];

export function chosen<T extends string>(option: string, list: string | undefined, all: readonly T[]): readonly T[] {
  if (list === undefined) return all;
  return list.split(",").map((item) => {
    const found = all.find((known) => known === item);
    if (found === undefined) throw new Error(`${option}: "${item}" is none of ${all.join(", ")}`);
    return found;
  });
}

export function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${option} must be a whole number from 1, not "${text}"`);
  return number;
}
