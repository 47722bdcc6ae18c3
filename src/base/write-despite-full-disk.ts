// Small files that have to be written even when the disk is full. Beside each lies a reserve: when there is no room for a new
// file, the reserve becomes it, written where it lies.
import { existsSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./error-code.ts";
import { syncDirectory, writeFileWhole } from "./write-file.ts";

/** A block of most file systems. Longer texts have to have room. */
const reserveBytes = 4_096;
const ownerOnly = { mode: 0o600 };

/** As writeFileWhole, for the owner alone. Where it has done so once, with room for the reserve, it does so on a full disk too. */
export async function writeDespiteFullDisk(path: string, text: string): Promise<void> {
  try {
    await writeFileWhole(path, text, ownerOnly);
  } catch (error) {
    if (!isDiskFull(error) || !existsSync(reserveOf(path)) || Buffer.byteLength(text) > reserveBytes) throw error;
    await writeInPlace(reserveOf(path), text);
    await rename(reserveOf(path), path);
    await syncDirectory(dirname(path));
  }
  await keepReserve(path);
}

/** Without room for it, the next time. */
async function keepReserve(path: string): Promise<void> {
  const reserve = reserveOf(path);
  if (existsSync(reserve)) return;
  await writeFileWhole(reserve, "\n".repeat(reserveBytes), ownerOnly).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
  });
}

async function writeInPlace(path: string, text: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(text, 0);
    await file.truncate(Buffer.byteLength(text));
    await file.sync();
  } finally {
    await file.close();
  }
}

function reserveOf(path: string): string {
  return `${path}.reserve`;
}

function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errorCode(error) ?? "");
}
