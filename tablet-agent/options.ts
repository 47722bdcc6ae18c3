// What a tablet agent is started with.
import { parseArgs } from "node:util";
import { AppError } from "../src/base/app-error.ts";
import { shardName } from "../src/topology/documents.ts";
import type { ShardName } from "../src/topology/snapshot.ts";

export interface AgentOptions {
  /** As src/topology/open-store.ts reads it. */
  readonly topology: string;
  readonly shard: ShardName;
  /** Name of this tablet in the topology. */
  readonly tablet: string;
  /** Everything of this tablet is in here: pgdata, logs, the socket. */
  readonly directory: string;
  /** Directory of the programs `postgres` and `initdb`. */
  readonly pgBin: string;
  /** File with the roles of a new PostgreSQL. */
  readonly rolesFile: string;
  readonly authentication: "trust" | "scram-sha-256";
  readonly fsync: boolean;
  /** End what an earlier agent has left running, then end. */
  readonly stopOnly: boolean;
}

/** Throws AppError "bad-option". */
export function parseAgentOptions(args: readonly string[]): AgentOptions {
  const text = { type: "string" } as const;
  const { values } = parse(args, {
    topology: text,
    shard: text,
    tablet: text,
    directory: text,
    "pg-bin": text,
    "roles-file": text,
    authentication: text,
    fsync: text,
    "stop-only": { type: "boolean" },
  });
  const needed = (name: "topology" | "shard" | "tablet" | "directory" | "pg-bin" | "roles-file") => {
    const value = values[name];
    if (value === undefined || value === "") throw new AppError("bad-option", `--${name} is missing`);
    return value;
  };
  const authentication = values.authentication ?? "trust";
  if (authentication !== "trust" && authentication !== "scram-sha-256") {
    throw new AppError("bad-option", `--authentication ${authentication} is neither trust nor scram-sha-256`);
  }
  return {
    topology: needed("topology"),
    shard: shardName(needed("shard")),
    tablet: needed("tablet"),
    directory: needed("directory"),
    pgBin: needed("pg-bin"),
    rolesFile: needed("roles-file"),
    authentication,
    fsync: values.fsync !== "off",
    stopOnly: values["stop-only"] ?? false,
  };
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
