// The options of `shardgres topology`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { dataDirOf, understand } from "./understand-options.ts";

export type TopologyOptions =
  | { readonly kind: "show"; readonly dataDir: string; readonly json: boolean }
  | { readonly kind: "watch"; readonly dataDir: string };

export const topologyHelp = `Usage: shardgres topology show [--json] [--data-dir DIR]
       shardgres topology watch [--data-dir DIR]

The topology says which shard owns which buckets, and which tablet is the
primary of each shard. These commands read it where it is stored; the cluster
need not run.

show      the shards: term, buckets and their share, durability, tablets, and
          whose acknowledgement commits wait for
watch     prints a line for every change, with its time (UTC), until Ctrl-C

Options:
  --json            print it as JSON
  --data-dir DIR    where the cluster is kept (default .shardgres)
  --help            print this
`;

/** Throws UsageError. */
export function parseTopologyOptions([kind, ...args]: readonly string[]): TopologyOptions {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  if (kind === "show") {
    const { values } = understand(() => parseArgs({ args, options: { "data-dir": text, json: flag, help: flag } }));
    return { kind, dataDir: dataDirOf(values), json: values.json ?? false };
  }
  if (kind === "watch") {
    const { values } = understand(() => parseArgs({ args, options: { "data-dir": text, help: flag } }));
    return { kind, dataDir: dataDirOf(values) };
  }
  throw new UsageError(kind === undefined ? "show or watch?" : `there is no "topology ${kind}"`);
}
