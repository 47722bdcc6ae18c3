// The options of `shardgres local`.
import { parseArgs } from "node:util";
import type { DurabilityPolicy } from "../topology/snapshot.ts";
import { UsageError } from "./command.ts";

export interface LocalOptions {
  readonly dataDir: string;
  readonly shards: number | undefined;
  readonly replicas: number | undefined;
  readonly durability: DurabilityPolicy | undefined;
  readonly port: number;
  /** undefined: any that is free. */
  readonly metricsPort: number | undefined;
  readonly pgBin: string | undefined;
  readonly authentication: "trust" | "scram-sha-256" | undefined;
  readonly reset: boolean;
  readonly verbose: boolean;
}

export const localHelp = `Usage: shardgres local [options]

Runs a whole cluster on this machine: for each shard a PostgreSQL with its
tablet agent, and as many standbys as you like; a gateway to connect to, and a
controller that ends what a crash leaves behind. Ctrl-C stops it; the data
stays.

Options:
  --shards N        number of shards of a new cluster (default 2)
  --replicas N      standbys of each shard (default 0); may be raised later
  --durability P    how many standbys have a commit before it is acknowledged:
                    none, one (default, if there are any), majority, or zone
                    (the tablets s1-0, s2-0, ... are in zone z0, and so on)
  --port N          port of the gateway on 127.0.0.1 (default 6432)
  --metrics-port N  port of the controller's metrics (default: any free)
  --data-dir DIR    where everything is kept (default .shardgres)
  --auth METHOD     trust (default) or scram-sha-256: whether clients must give
                    passwords. That of role postgres is taken from the variable
                    SHARDGRES_PASSWORD, or made up and kept in the directory.
  --pg-bin DIR      directory of postgres and initdb, if not those of npm
  --reset           first delete the cluster that is in the directory
  --verbose         show the logs of all programs
  --help            print this
`;

const shardsMax = 64;
const replicasMax = 9;
const policies: readonly DurabilityPolicy[] = ["none", "one", "majority", "zone"];

/** Throws UsageError. */
export function parseLocalOptions(args: readonly string[]): LocalOptions {
  const values = parse(args);
  const { auth } = values;
  if (auth !== undefined && auth !== "trust" && auth !== "scram-sha-256") {
    throw new UsageError(`--auth must be trust or scram-sha-256, not "${auth}"`);
  }
  const durability = policies.find((policy) => policy === values.durability);
  if (values.durability !== undefined && durability === undefined) {
    throw new UsageError(`--durability must be one of ${policies.join(", ")}, not "${values.durability}"`);
  }
  return {
    dataDir: nonEmpty("--data-dir", values["data-dir"]) ?? ".shardgres",
    shards: wholeNumber("--shards", values.shards, 1, shardsMax),
    replicas: wholeNumber("--replicas", values.replicas, 0, replicasMax),
    durability,
    port: wholeNumber("--port", values.port, 1, 65535) ?? 6432,
    metricsPort: wholeNumber("--metrics-port", values["metrics-port"], 1, 65535),
    pgBin: nonEmpty("--pg-bin", values["pg-bin"]),
    authentication: auth,
    reset: values.reset ?? false,
    verbose: values.verbose ?? false,
  };
}

function parse(args: readonly string[]) {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  try {
    return parseArgs({
      args,
      options: {
        shards: text,
        replicas: text,
        durability: text,
        port: text,
        "metrics-port": text,
        "data-dir": text,
        "pg-bin": text,
        auth: text,
        reset: flag,
        verbose: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    // Node's own words name the option; what follows its first sentence is about parseArgs.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split(/\. |\n/)[0]!.replace(/^[A-Z]/, (letter) => letter.toLowerCase()));
  }
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`${option} must be a number from ${least} to ${most}, not "${text}"`);
}

function nonEmpty(option: string, text: string | undefined): string | undefined {
  if (text === "") throw new UsageError(`${option} must not be empty`);
  return text;
}
