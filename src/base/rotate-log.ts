// Keeps a log file that programs append to from growing for ever: one old one is kept beside it.
import { copyFile, rename, stat, truncate } from "node:fs/promises";

const sizeBytesMax = 16 * 1024 * 1024;

/**
 * While others append to the file: they go on at its beginning. What they write between copying and emptying it is lost.
 */
export async function rotateLogInUse(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.size <= sizeBytesMax) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}

/** To be called while nobody has the file open. */
export async function rotateLog(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.size > sizeBytesMax) await rename(path, `${path}.1`);
}
