// The options of `shardgres transactions`.
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";
import { dataDirOf, understand } from "./understand-options.ts";

export type TransactionsOptions =
  | { readonly kind: "list"; readonly dataDir: string; readonly json: boolean }
  /** `gid` undefined: all of them. */
  | { readonly kind: "resolve"; readonly dataDir: string; readonly gid: string | undefined };

export const transactionsHelp = `Usage: shardgres transactions list [--json] [--data-dir DIR]
       shardgres transactions resolve GID [--data-dir DIR]
       shardgres transactions resolve --all [--data-dir DIR]

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
  --data-dir DIR    where the cluster is kept (default .shardgres)
  --help            print this

The exit code is 1 if a shard did not answer or a transaction was not ended.
`;

/** Throws UsageError. */
export function parseTransactionsOptions([kind, ...args]: readonly string[]): TransactionsOptions {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  if (kind === "list") {
    const { values } = understand(() => parseArgs({ args, options: { "data-dir": text, json: flag, help: flag } }));
    return { kind, dataDir: dataDirOf(values), json: values.json ?? false };
  }
  if (kind === "resolve") {
    const options = { "data-dir": text, all: flag, help: flag };
    const { values, positionals } = understand(() => parseArgs({ args, options, allowPositionals: true }));
    const [gid, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`unexpected argument '${more[0]}'`);
    if ((gid === undefined) === !values.all) throw new UsageError("resolve needs the id of a transaction, or --all");
    return { kind, dataDir: dataDirOf(values), gid };
  }
  throw new UsageError(kind === undefined ? "list or resolve?" : `there is no "transactions ${kind}"`);
}
