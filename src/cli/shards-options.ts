// The options of `shardgres shards`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { type ClusterPlace, placeHelp, placeOf, placeOptions } from "./place-options.ts";
import { understand } from "./understand-options.ts";

export type ShardsOptions = ShardsPlace &
  (
    | { readonly kind: "status"; readonly json: boolean; readonly decisions: number }
    | {
        readonly kind: "switchover";
        readonly to: string | undefined;
        readonly force: boolean;
        /** For open transactions. undefined: as the agent has it. */
        readonly drainMs: number | undefined;
      }
  );

interface ShardsPlace {
  readonly place: ClusterPlace;
  /** Directory of the certificates to ask with. undefined: a local cluster's own. */
  readonly certificates: string | undefined;
  /** undefined: all. */
  readonly shard: string | undefined;
}

export const shardsHelp = `Usage: shardgres shards status [--shard SHARD] [--decisions N] [--json] [...]
       shardgres shards switchover [--shard SHARD] [--to TABLET] [--wait S]
                                   [--force] [...]

Asks the agents of the tablets. What the topology says, whether or not the
cluster runs, is shown by "shardgres topology show".

status      for each shard: its primary and term, then its tablets with role,
            term, how far they are behind, lease and health; what is wrong; and
            the last decisions of their agents with their reasons
switchover  makes another tablet the primary, as planned: nothing that has been
            committed is lost, and clients wait for a moment but see no error

Options:
  --shard SHARD     which shard; can be left out where there is only one, and by
                    status
  --to TABLET       which tablet is to be primary (default: the one that is best
                    for it)
  --wait S          how many seconds open transactions may take to end before
                    the switchover is taken back (0 to 60)
  --force           switch over against the advice of a check, and break off
                    transactions that do not end in time
  --decisions N     how many decisions to show for each shard (default 8)
  --json            print the status as JSON, with all that the agents say
${placeHelp}  --certificates DIR
                    ca.pem and admin.pem are in there: who the agents are, and
                    who asks them; for clusters that are not those of
                    "shardgres local"
  --help            print this

The exit code is 1 if something is wrong with a shard, or a switchover was not
done.
`;

/** Throws UsageError. */
export function parseShardsOptions([kind, ...args]: readonly string[]): ShardsOptions {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  const common = { ...placeOptions, certificates: text, shard: text, help: flag };
  if (kind === "status") {
    const { values } = understand(() => parseArgs({ args, options: { ...common, decisions: text, json: flag } }));
    const decisions = wholeNumber("--decisions", values.decisions, 1_000) ?? 8;
    return { kind, ...whereOf(values), decisions, json: values.json ?? false };
  }
  if (kind === "switchover") {
    const options = { ...common, to: text, wait: text, force: flag };
    const { values } = understand(() => parseArgs({ args, options }));
    const waitSeconds = wholeNumber("--wait", values.wait, 60);
    return {
      kind,
      ...whereOf(values),
      to: nameOf("--to", values.to),
      force: values.force ?? false,
      drainMs: waitSeconds === undefined ? undefined : 1_000 * waitSeconds,
    };
  }
  throw new UsageError(kind === undefined ? "status or switchover?" : `there is no "shards ${kind}"`);
}

function whereOf(
  values: Parameters<typeof placeOf>[0] & {
    readonly certificates?: string | undefined;
    readonly shard?: string | undefined;
  },
): ShardsPlace {
  const place = placeOf(values);
  const certificates = nameOf("--certificates", values.certificates);
  if (place.kind !== "local" && certificates === undefined) {
    throw new UsageError("--certificates is missing: the agents answer only who has one of the cluster");
  }
  return { place, certificates, shard: nameOf("--shard", values.shard) };
}

function nameOf(option: string, text: string | undefined): string | undefined {
  if (text === "") throw new UsageError(`${option} must not be empty`);
  return text;
}

function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number <= most) return number;
  throw new UsageError(`${option} must be a whole number up to ${most}, not "${text}"`);
}
