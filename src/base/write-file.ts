// A file that is there as a whole or not at all, also after a crash: written beside its place, synced, then renamed.
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface WriteOptions {
  /** Permission bits, whatever the umask. */
  readonly mode?: number;
  /** Who owns it; left out, this process. Only root may name another. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

let written = 0;

/** A name beside `path` that no other process and no other call uses. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${written++}.tmp`;
}

/** Creates or replaces the file. */
export async function writeFileWhole(path: string, text: string, options: WriteOptions = {}): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeSynced(temporary, text, options);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Writes a file that must not exist yet and waits until it is on disk. */
export async function writeSynced(path: string, text: string, { mode = 0o644, owner }: WriteOptions): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.chmod(mode);
    if (owner) await file.chown(owner.uid, owner.gid);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes what was created, renamed or removed in a directory survive a crash of the machine. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
