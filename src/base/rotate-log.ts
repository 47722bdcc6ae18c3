// Keeps a log file that programs append to from growing for ever: one old one is kept beside it.
import { rename, stat } from "node:fs/promises";

const sizeBytesMax = 16 * 1024 * 1024;

/** To be called while nobody has the file open. */
export async function rotateLog(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && found.size > sizeBytesMax) await rename(path, `${path}.1`);
}
