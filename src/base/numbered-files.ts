// Compare-and-swap between processes by files alone, without a lock that a crash could leave behind: what is known by a
// name is `name@1.json`, `name@2.json`, ... of which the highest number counts. Writing the next one is link(2), which
// fails if somebody else was first. The last few stay, so that nobody takes a number for free that had been given.
import { link, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "./app-error.ts";
import { errorCode } from "./error-code.ts";
import { syncDirectory, temporaryName, writeSynced } from "./write-file.ts";

export interface Numbered {
  readonly number: number;
  readonly text: string;
}

const kept = 16;
const pattern = /^(.+)@(\d+)\.json$/;
/** What a writer that died left behind. */
const abandonedAfterMs = 3_600_000;

/** Highest number of every name. Throws AppError "no-directory". */
export async function highestNumbers(directory: string): Promise<Map<string, number>> {
  const highest = new Map<string, number>();
  for (const file of await filesOf(directory)) {
    const [, name, digits] = pattern.exec(file) ?? [];
    if (name === undefined) continue;
    const number = Number(digits);
    if (number > (highest.get(name) ?? 0)) highest.set(name, number);
  }
  return highest;
}

/** The newest text of a name; undefined when there has never been one. Throws AppError "no-directory". */
export async function readNewest(directory: string, name: string): Promise<Numbered | undefined> {
  for (;;) {
    const number = (await highestNumbers(directory)).get(name);
    if (number === undefined) return undefined;
    const text = await readNumbered(directory, name, number);
    if (text !== undefined) return { number, text };
  }
}

/** undefined: it is no longer there, so there is a newer one. */
async function readNumbered(directory: string, name: string, number: number): Promise<string | undefined> {
  try {
    return await readFile(numberedPath(directory, name, number), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes `text` the newest of `name`, if the newest has been `number - 1` until now (0: none). False: it was not, and
 * nothing has happened.
 */
export async function writeNext(directory: string, name: string, number: number, text: string): Promise<boolean> {
  const path = numberedPath(directory, name, number);
  const temporary = temporaryName(path);
  try {
    await writeSynced(temporary, text, {});
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (errorCode(error) === "ENOENT") throw noDirectory(directory, error);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
  const highest = (await highestNumbers(directory)).get(name) ?? number;
  await prune(directory, name, highest);
  // A writer that slept while others wrote a lot may have taken a number that had been given and was pruned since.
  return number > highest - kept;
}

export function numberedPath(directory: string, name: string, number: number): string {
  return join(directory, `${name}@${number}.json`);
}

async function prune(directory: string, name: string, highest: number): Promise<void> {
  for (const file of await filesOf(directory)) {
    const [, itsName, digits] = pattern.exec(file) ?? [];
    const outdated = itsName === name && Number(digits) <= highest - kept;
    if (outdated || (await isAbandoned(directory, file))) await rm(join(directory, file), { force: true });
  }
}

async function isAbandoned(directory: string, file: string): Promise<boolean> {
  if (!file.endsWith(".tmp")) return false;
  const found = await stat(join(directory, file)).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs;
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw noDirectory(directory, error);
    throw error;
  }
}

function noDirectory(directory: string, cause: unknown): AppError {
  return new AppError("no-directory", `the directory ${directory} does not exist`, { cause });
}
