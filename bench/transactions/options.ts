// The options of `npm run bench -- transactions`.
import { parseArgs } from "node:util";
import { chosen, positive } from "../options.ts";

export const topicNames = ["commits", "reads", "bank"] as const;
export type TopicName = (typeof topicNames)[number];

export interface TransactionOptions {
  readonly topics: readonly TopicName[];
  readonly seconds: number;
  readonly rounds: number;
  readonly fsync: boolean;
  /** File for all measurements. */
  readonly json: string | undefined;
}

export const transactionsHelp = `Usage: npm run bench -- transactions [options]

Measures what transactions over several shards cost: commits against those on
one shard and by hand, agreed snapshots against plain reads, and a bank with
and without recovery.

  --topics LIST  of ${topicNames.join(", ")} (default all)
  --seconds N    length of one run (default 2)
  --rounds N     runs of each contestant (default 5)
  --fsync        PostgreSQL waits for the disk (default: it does not)
  --json FILE    also write all measurements there
  --help         print this
`;

/** undefined: help is wanted. Throws Error for what is no option. */
export function parseTransactionOptions(args: readonly string[]): TransactionOptions | undefined {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  const { values } = parseArgs({
    args: [...args],
    options: { topics: text, seconds: text, rounds: text, fsync: flag, json: text, help: flag },
  });
  if (values.help === true) return undefined;
  return {
    topics: chosen("--topics", values.topics, topicNames),
    seconds: positive("--seconds", values.seconds ?? "2"),
    rounds: positive("--rounds", values.rounds ?? "5"),
    fsync: values.fsync === true,
    json: values.json,
  };
}
