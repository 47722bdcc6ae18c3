// The options of `shardgres transactions`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { type ClusterPlace, placeHelp, placeOf, placeOptions } from "./place-options.ts";
import { understand } from "./understand-options.ts";

export type TransactionsOptions = {
  readonly place: ClusterPlace;
  /** undefined: the one of a local cluster. */
  readonly passwordFile: string | undefined;
} & (
  | { readonly kind: "list"; readonly json: boolean }
  /** `gid` undefined: all of them. */
  | { readonly kind: "resolve"; readonly gid: string | undefined }
);

export const transactionsHelp = `Usage: shardgres transactions list [--json] [options]
       shardgres transactions resolve GID [options]
       shardgres transactions resolve --all [options]

A transaction that writes on several shards is prepared on all but one of them;
that one, its keeper, records the decision. What a crash leaves prepared, the
controller ends by itself within seconds. This is for looking at it, and for
ending it when no controller runs.

list      shows what is prepared on any shard, the oldest first:
            in doubt    there is no decision yet
            committing  it is committed, and some shards do not show it yet
            aborting    it is rolled back, and some shards keep its locks yet
            unknown     its keeper does not answer
            prepared    by a client (PREPARE TRANSACTION), who is to end it
resolve   ends a transaction of Shardgres' own. Whether it is committed or
          rolled back is not for you to choose: it is committed if its keeper
          says so, and else rolled back on all shards.

Options:
  --all             all that have been prepared for more than 2 seconds
  --json            print the list as JSON
${placeHelp}  --admin-password-file FILE
                    password of the role "shardgres" at the shards, for
                    clusters that are not those of "shardgres local"
  --help            print this

The exit code is 1 if a shard did not answer or a transaction was not ended.
`;

/** Throws UsageError. */
export function parseTransactionsOptions([kind, ...args]: readonly string[]): TransactionsOptions {
  const flag = { type: "boolean" } as const;
  const options = { ...placeOptions, "admin-password-file": { type: "string" }, help: flag } as const;
  if (kind === "list") {
    const { values } = understand(() => parseArgs({ args, options: { ...options, json: flag } }));
    return { kind, ...whereOf(values), json: values.json ?? false };
  }
  if (kind === "resolve") {
    const { values, positionals } = understand(() =>
      parseArgs({ args, options: { ...options, all: flag }, allowPositionals: true }),
    );
    const [gid, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`unexpected argument '${more[0]}'`);
    if ((gid === undefined) === !values.all) throw new UsageError("resolve needs the id of a transaction, or --all");
    return { kind, ...whereOf(values), gid };
  }
  throw new UsageError(kind === undefined ? "list or resolve?" : `there is no "transactions ${kind}"`);
}

function whereOf(values: Parameters<typeof placeOf>[0] & { readonly "admin-password-file"?: string | undefined }) {
  return { place: placeOf(values), passwordFile: values["admin-password-file"] };
}
