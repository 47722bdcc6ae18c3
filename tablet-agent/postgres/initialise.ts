// Makes a data directory by initdb, as an unfinished one until it is complete.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { runCommand } from "../../src/base/run-command.ts";
import { postgresEnvironment } from "./environment.ts";
import type { Role } from "./roles.ts";
import { roleStatements } from "./roles.ts";
import { syncTree } from "./sync-tree.ts";
import { finishDirectory, removeUnfinished, unfinishedName } from "./unfinished-directory.ts";

export interface NewDataDirectory {
  readonly pgBin: string;
  readonly postgresMajor: number;
  /** Must not exist. */
  readonly dataDirectory: string;
  readonly roles: readonly Role[];
  readonly fsync: boolean;
  readonly signal: AbortSignal;
}

/** Throws AppError "initdb-failed", with what the program said. */
export async function initialise(options: NewDataDirectory): Promise<void> {
  const { dataDirectory, fsync } = options;
  await removeUnfinished(dataDirectory);
  const unfinished = unfinishedName(dataDirectory);
  await initdb(options, unfinished);
  await appendFile(join(unfinished, "postgresql.conf"), "\ninclude 'shardgres.conf'\n");
  await createRoles(options, unfinished);
  if (fsync) await syncTree(unfinished, options.signal);
  await finishDirectory(unfinished, dataDirectory, fsync);
}

async function initdb(options: NewDataDirectory, directory: string): Promise<void> {
  let output = "";
  for (const locale of localeChoices(options.postgresMajor)) {
    const args = [
      ...["-D", directory, "--username=postgres", "--encoding=UTF8", "--data-checksums", "--auth=reject"],
      ...locale,
      "--no-sync",
    ];
    const result = await runCommand(`${options.pgBin}/initdb`, args, environment(options));
    if (result.succeeded) return;
    output = result.output;
    if (!/locale/.test(output) || options.signal.aborted) break;
  }
  throw new AppError("initdb-failed", `initdb has failed: ${errorsIn(output)}`);
}

/**
 * Text sorts by code point, so that a gateway can merge sorted text itself; PostgreSQL can do that by its own from 17 on.
 * The first that this machine knows is taken.
 */
function localeChoices(postgresMajor: number): string[][] {
  const own = postgresMajor >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : [];
  return [
    [...own, "--locale=C.UTF-8"],
    [...own, "--locale=C"],
  ];
}

/** In single-user mode, so that the server never runs without its roles. */
async function createRoles(options: NewDataDirectory, directory: string): Promise<void> {
  const args = ["--single", "-D", directory, ...(options.fsync ? [] : ["-F"]), "postgres"];
  // The included file is written at the first start.
  await appendFile(join(directory, "shardgres.conf"), "");
  const input = `${roleStatements(options.roles).join("\n")}\n`;
  const { succeeded, output } = await runCommand(`${options.pgBin}/postgres`, args, { ...environment(options), input });
  if (succeeded && !/\b(ERROR|FATAL|PANIC):/.test(output)) return;
  throw new AppError("initdb-failed", `the roles cannot be created: ${errorsIn(output)}`);
}

function environment({ signal }: NewDataDirectory): { env: NodeJS.ProcessEnv; cwd: string; signal: AbortSignal } {
  return { env: postgresEnvironment(process.env), cwd: "/", signal };
}

/** The lines that tell of an error, without statements, which hold verifiers. */
function errorsIn(output: string): string {
  const lines = output.split("\n").filter((line) => /error|fatal|panic|hint|cannot|could not/i.test(line));
  const telling = lines.filter((line) => !/STATEMENT:/.test(line)).map((line) => line.trim());
  return telling.slice(-3).join("; ") || output.trim().split("\n").at(-1) || "it says nothing";
}
