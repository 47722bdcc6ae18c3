// `npm run bench`: pgbench through the gateway and past it. README.md says what is measured and what came out.
import { writeFile } from "node:fs/promises";
import { startContestants, stopContestants } from "./contestant.ts";
import { benchFailover } from "./failover.ts";
import { describeMachine } from "./machine.ts";
import { measureCell } from "./measure.ts";
import { type BenchOptions, benchHelp, parseBenchOptions } from "./options.ts";
import { formatSummary, summarize, summaryHeading } from "./summary.ts";
import { benchTransactions } from "./transactions/bench-transactions.ts";

async function main(options: BenchOptions): Promise<void> {
  const machine = await describeMachine();
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(12)}${value}`);
  console.log(`\n${options.rounds} rounds of ${options.seconds} s, scale ${options.scale}; medians, per transaction`);
  const say = (text: string) => process.stderr.write(`starting ${text}\n`);
  const contestants = await startContestants(options.contestants, options.scale, say);
  const results = [];
  try {
    for (const cell of options.cells) {
      const { workload, protocol, clients } = cell;
      console.log(`\n${workload.name}, ${protocol}, ${clients} ${clients === 1 ? "client" : "clients"}`);
      const measurements = await measureCell(cell, contestants, options);
      const summaries = summarize(measurements);
      console.log(summaryHeading);
      for (const summary of summaries) console.log(formatSummary(summary));
      results.push({ workload: workload.name, protocol, clients, summaries, measurements });
    }
  } finally {
    await stopContestants(contestants);
  }
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

async function run(args: readonly string[]): Promise<void> {
  if (args[0] === "transactions") return benchTransactions(args.slice(1));
  if (args[0] === "failover") return benchFailover(args.slice(1));
  const options = parseBenchOptions(args);
  if (options === undefined) process.stdout.write(benchHelp);
  else await main(options);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
