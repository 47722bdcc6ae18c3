// Which PostgreSQL a program belongs to, as its --version says.
import { AppError } from "./app-error.ts";
import { runCommand } from "./run-command.ts";

export interface PostgresVersion {
  readonly major: number;
  /** "18.4", "19beta1" */
  readonly text: string;
}

/** `pgBin` is the directory of `postgres`. Throws AppError "no-postgres" when it does not run there. */
export async function postgresVersion(pgBin: string): Promise<PostgresVersion> {
  const command = `${pgBin}/postgres`;
  const { output, succeeded } = await runCommand(command, ["--version"]);
  const version = parsePostgresVersion(output);
  if (succeeded && version) return version;
  throw new AppError("no-postgres", `${command} --version does not work: ${output.trim() || "it says nothing"}`);
}

/** Reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)". */
export function parsePostgresVersion(output: string): PostgresVersion | undefined {
  const [, text, major] = /\(PostgreSQL\) ((\d+)[^\s]*)/.exec(output) ?? [];
  return text === undefined ? undefined : { major: Number(major), text };
}
