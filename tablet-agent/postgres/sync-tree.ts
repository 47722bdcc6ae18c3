// Makes a whole directory survive a crash of the machine: every file, then every directory.
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../../src/base/write-file.ts";

/** Files that are synced at the same time, so that the disk can order them. */
const filesAtOnce = 16;

export async function syncTree(directory: string, signal: AbortSignal): Promise<void> {
  const files: string[] = [];
  const directories: string[] = [];
  await collect(directory, files, directories);
  const work = files.values();
  const worker = async () => {
    for (const path of work) {
      signal.throwIfAborted();
      await syncFile(path);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, worker));
  // What is deeper comes later in the list.
  for (const path of directories.reverse()) await syncDirectory(path);
}

async function collect(directory: string, files: string[], directories: string[]): Promise<void> {
  directories.push(directory);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await collect(path, files, directories);
    else files.push(path);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
