// A data directory is made under another name and renamed when it is complete, so that one that was cut short is never
// mistaken for a good one.
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../../src/base/write-file.ts";

/** Another one for every process: a program that an earlier process has left behind may still write into its own. */
export function unfinishedName(dataDirectory: string): string {
  return `${dataDirectory}.new-${process.pid}`;
}

/** Removes what earlier tries have left. */
export async function removeUnfinished(dataDirectory: string): Promise<void> {
  const parent = dirname(dataDirectory);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(dataDirectory)}.new-`)) continue;
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Gives the directory its name, which may be that of an empty directory. */
export async function finishDirectory(unfinished: string, dataDirectory: string, fsync: boolean): Promise<void> {
  await rename(unfinished, dataDirectory);
  if (fsync) await syncDirectory(dirname(dataDirectory));
}
