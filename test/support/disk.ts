// Disks that a test may fill: file systems in memory. Mounting them takes root's right.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Files on such a disk. */
const namesMax = 8_192;
const refillMs = 5;

export function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const script = 'd=$(mktemp -d) && mount -t tmpfs -o size=64k none "$d" && umount "$d" && rmdir "$d"';
  return spawnSync("sh", ["-c", script], { stdio: "ignore" }).status === 0;
}

export function mountDisk(directory: string, bytes: number, [uid, gid]: readonly [number, number] = [0, 0]): void {
  const options = `size=${bytes},nr_inodes=${namesMax},uid=${uid},gid=${gid},mode=0755`;
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", directory]);
  if (status !== 0) throw new Error(`no disk for ${directory}: ${stderr}`);
}

export function unmountDisk(directory: string): void {
  spawnSync("umount", [directory], { stdio: "ignore" });
}

export interface Filling {
  release(): void;
}

/** Full until it is released: what others give back is taken as well. Throws if it does not become full. */
export function fillDisk(directory: string): Filling {
  const path = join(directory, "filler");
  const file = openSync(path, "w");
  const fill = () => {
    for (const bytes of [2 ** 20, 2 ** 12]) while (isDone(() => writeSync(file, Buffer.alloc(bytes)) === bytes));
  };
  const empty = () => {
    closeSync(file);
    rmSync(path);
  };
  return keepFull(fill, empty, () => statfsSync(directory).bavail === 0);
}

/** No new file can be made, though there is room in those that are there. */
export function takeFileNames(directory: string): Filling {
  const path = join(directory, "fillers");
  mkdirSync(path);
  let count = 0;
  const fill = () => {
    while (isDone(() => writeFileSync(join(path, String(count)), ""))) count++;
  };
  return keepFull(
    fill,
    () => rmSync(path, { recursive: true }),
    () => statfsSync(directory).ffree === 0,
  );
}

function keepFull(fill: () => void, empty: () => void, isFull: () => boolean): Filling {
  fill();
  const isFilled = isFull();
  const filling = setInterval(fill, refillMs);
  const release = () => {
    clearInterval(filling);
    empty();
  };
  if (isFilled) return { release };
  release();
  throw new Error("the disk does not become full");
}

function isDone(write: () => unknown): boolean {
  try {
    return write() !== false;
  } catch {
    return false;
  }
}
