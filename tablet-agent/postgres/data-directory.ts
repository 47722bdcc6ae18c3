// Whether a directory can be used by this PostgreSQL.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { errorCode } from "../../src/base/error-code.ts";
import type { PostgresVersion } from "../../src/base/postgres-version.ts";

/** False: there is none. Throws AppError "wrong-version" or "not-a-data-directory" for one that cannot be used. */
export async function checkDataDirectory(directory: string, version: PostgresVersion): Promise<boolean> {
  const made = await readMajorVersion(directory);
  if (made === undefined) return false;
  if (made === String(version.major)) return true;
  throw new AppError(
    "wrong-version",
    `${directory} was made by PostgreSQL ${made} and cannot be used by PostgreSQL ${version.text}`,
    { hint: `Use the programs of PostgreSQL ${made} (--pg-bin DIR), or another data directory (--data-dir DIR).` },
  );
}

/** undefined: there is no such directory. */
async function readMajorVersion(directory: string): Promise<string | undefined> {
  try {
    return (await readFile(join(directory, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  if (!existsSync(directory)) return undefined;
  throw new AppError("not-a-data-directory", `${directory} is not a PostgreSQL data directory`, {
    hint: "It has no file PG_VERSION. Use another data directory (--data-dir DIR).",
  });
}
