// `npm run bench -- transactions`: the topics one after the other, each with a cluster of its own.
import { writeFile } from "node:fs/promises";
import { describeMachine } from "../machine.ts";
import { startBank } from "./bank-cluster.ts";
import { benchBank } from "./bench-bank.ts";
import { benchCommits } from "./bench-commits.ts";
import { benchReads } from "./bench-reads.ts";
import { parseTransactionOptions, type TopicName, transactionsHelp } from "./options.ts";
import type { Topic } from "./topic.ts";

const topics: Readonly<Record<TopicName, Topic>> = { commits: benchCommits, reads: benchReads, bank: benchBank };

export async function benchTransactions(args: readonly string[]): Promise<void> {
  const options = parseTransactionOptions(args);
  if (options === undefined) {
    process.stdout.write(transactionsHelp);
    return;
  }
  const { seconds, rounds, fsync, json } = options;
  const machine = await describeMachine();
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(12)}${value}`);
  console.log(`\n${rounds} rounds of ${seconds} s, fsync ${fsync ? "on" : "off"}; medians`);
  const results: Record<string, unknown> = {};
  for (const name of options.topics) {
    const { shards, accounts, measure } = topics[name];
    process.stderr.write(`starting ${name}: ${shards} shards\n`);
    const bank = await startBank(shards, accounts, fsync);
    try {
      results[name] = await measure(bank, options);
    } finally {
      await bank.stop();
    }
  }
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, fsync, results }, null, 2)}\n`);
}
