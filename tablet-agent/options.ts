// What a tablet agent is started with.
import { parseArgs } from "node:util";
import { AppError } from "../src/base/app-error.ts";
import { parseAddress } from "../src/topology/address-text.ts";
import { shardName } from "../src/topology/documents.ts";
import type { Address, ShardName } from "../src/topology/snapshot.ts";

export interface AgentOptions {
  /** As src/topology/open-store.ts reads it. */
  readonly topology: string;
  readonly shard: ShardName;
  /** Name of this tablet in the topology. */
  readonly tablet: string;
  /** What fails together with it: a rack, an availability zone. */
  readonly zone: string | undefined;
  /** Everything of this tablet is in here: pgdata, logs, the socket. */
  readonly directory: string;
  /** Directory of the programs `postgres` and `initdb`. */
  readonly pgBin: string;
  /** File with the roles of a new PostgreSQL. */
  readonly rolesFile: string;
  /** File with the password of role `shardgres`, as which standbys log in at their primary. */
  readonly passwordFile: string;
  /** Directory of the certificates with which agents know each other. */
  readonly certificates: string;
  readonly authentication: "trust" | "scram-sha-256";
  readonly fsync: boolean;
  /** How long sessions may go on when the agent is asked to stop, before they are ended. */
  readonly smartStopSeconds: number;
  /** Where PostgreSQL listens besides its socket, and is reached by others; undefined: only the socket, on this machine. */
  readonly postgres: Address | undefined;
  /** Where the agent's API listens. Port 0: any that is free. */
  readonly api: Address;
  /** File that says where other tablets are reached, when that is not where the topology says (src/topology/reach.ts). */
  readonly reachFile: string | undefined;
  /** Where the agent runs: a name that nobody else has, as the uid of a pod (volume/place.ts). */
  readonly machine: string | undefined;
  /**
   * The directory is on a volume that may move to another machine; its lease lasts so long, and leaves time to stop
   * PostgreSQL. undefined: it is not.
   */
  readonly volumeLeaseSeconds: number | undefined;
  /** Makes sure that the owner before of a volume is dead. */
  readonly fenceCommand: string | undefined;
}

export type AgentCommand =
  | { readonly kind: "run"; readonly options: AgentOptions }
  /** End what an earlier agent has left running in the directory, then end. */
  | { readonly kind: "stop-leftovers"; readonly directory: string };

/** Throws AppError "bad-option". */
export function parseAgentOptions(args: readonly string[]): AgentCommand {
  const text = { type: "string" } as const;
  const { values } = parse(args, {
    topology: text,
    shard: text,
    tablet: text,
    zone: text,
    directory: text,
    "pg-bin": text,
    "roles-file": text,
    "password-file": text,
    certificates: text,
    authentication: text,
    fsync: text,
    "smart-stop": text,
    postgres: text,
    api: text,
    reach: text,
    machine: text,
    "shared-volume": { type: "boolean" },
    "volume-lease": text,
    "fence-command": text,
    "stop-only": { type: "boolean" },
  });
  const needed = (name: Exclude<keyof typeof values, "stop-only" | "shared-volume">) => {
    const value = values[name];
    if (value === undefined || value === "") throw new AppError("bad-option", `--${name} is missing`);
    return value;
  };
  const directory = needed("directory");
  if (values["stop-only"]) return { kind: "stop-leftovers", directory };
  const authentication = values.authentication ?? "trust";
  if (authentication !== "trust" && authentication !== "scram-sha-256") {
    throw new AppError("bad-option", `--authentication ${authentication} is neither trust nor scram-sha-256`);
  }
  const options: AgentOptions = {
    topology: needed("topology"),
    shard: shardName(needed("shard")),
    tablet: needed("tablet"),
    zone: values.zone || undefined,
    directory,
    pgBin: needed("pg-bin"),
    rolesFile: needed("roles-file"),
    passwordFile: needed("password-file"),
    certificates: needed("certificates"),
    authentication,
    fsync: values.fsync !== "off",
    smartStopSeconds: seconds("smart-stop", values["smart-stop"] ?? "0", 0),
    postgres: values.postgres === undefined ? undefined : addressOf("postgres", values.postgres, 1),
    api: addressOf("api", values.api ?? "127.0.0.1:0", 0),
    reachFile: values.reach,
    machine: values.machine || undefined,
    volumeLeaseSeconds: values["shared-volume"]
      ? seconds("volume-lease", values["volume-lease"] ?? "15", 6)
      : undefined,
    fenceCommand: values["fence-command"] || undefined,
  };
  return { kind: "run", options };
}

function seconds(option: string, text: string, least: number): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : -1;
  if (seconds >= least) return seconds;
  throw new AppError("bad-option", `--${option} ${text} is not a whole number of seconds from ${least} to 9999`);
}

function addressOf(option: string, text: string, leastPort: number): Address {
  const address = parseAddress(text, leastPort);
  if (address !== undefined) return address;
  throw new AppError("bad-option", `--${option} ${text} is not HOST:PORT`);
}

function parse<const T extends Record<string, { readonly type: "string" | "boolean" }>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args, options });
  } catch (error) {
    throw new AppError("bad-option", error instanceof Error ? error.message : String(error));
  }
}
