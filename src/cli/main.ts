#!/usr/bin/env node
// `shardgres <command>`: finds the command, runs it, and says what went wrong.
import { describeError } from "../base/describe-error.ts";
import { type Command, UsageError } from "./command.ts";
import { local } from "./local.ts";
import { settings } from "./settings.ts";
import { shards } from "./shards.ts";
import { topology } from "./topology.ts";
import { transactions } from "./transactions.ts";

const commands: readonly Command[] = [local, settings, shards, topology, transactions];

const help = `Usage: shardgres <command> [options]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(13)} ${summary}`).join("\n")}

"shardgres <command> --help" describes the options of a command.
`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") return print(help);
  if (name === undefined) return complain("no command given", "shardgres --help");
  const command = commands.find((command) => command.name === name);
  if (!command) return complain(`there is no command "${name}"`, "shardgres --help");
  if (args.includes("--help") || args.includes("-h")) return print(command.help);
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, `shardgres ${command.name} --help`);
    const { message, hint } = describeError(error);
    process.stderr.write(`error: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`);
    return 1;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(problem: string, helpCommand: string): number {
  process.stderr.write(`error: ${problem}\nhint: "${helpCommand}" says what there is.\n`);
  return 2;
}

// Nobody may be reading any more; what runs is to be stopped in order all the same.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.exitCode = await main(process.argv.slice(2));
