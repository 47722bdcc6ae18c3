// The options of `shardgres topology`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { type ClusterPlace, placeHelp, placeOf, placeOptions } from "./place-options.ts";
import { understand } from "./understand-options.ts";

export type TopologyOptions =
  | { readonly kind: "show"; readonly place: ClusterPlace; readonly json: boolean }
  | { readonly kind: "watch"; readonly place: ClusterPlace };

export const topologyHelp = `Usage: shardgres topology show [--json] [options]
       shardgres topology watch [options]

The topology says which shard owns which buckets, and which tablet is the
primary of each shard. These commands read it where it is stored; the cluster
need not run.

show      the shards: term, buckets and their share, durability, tablets, and
          whose acknowledgement commits wait for
watch     prints a line for every change, with its time (UTC), until Ctrl-C

Options:
  --json            print it as JSON
${placeHelp}  --help            print this
`;

/** Throws UsageError. */
export function parseTopologyOptions([kind, ...args]: readonly string[]): TopologyOptions {
  const flag = { type: "boolean" } as const;
  if (kind === "show") {
    const { values } = understand(() => parseArgs({ args, options: { ...placeOptions, json: flag, help: flag } }));
    return { kind, place: placeOf(values), json: values.json ?? false };
  }
  if (kind === "watch") {
    const { values } = understand(() => parseArgs({ args, options: { ...placeOptions, help: flag } }));
    return { kind, place: placeOf(values) };
  }
  throw new UsageError(kind === undefined ? "show or watch?" : `there is no "topology ${kind}"`);
}
