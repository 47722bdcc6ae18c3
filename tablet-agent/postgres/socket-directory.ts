// Where PostgreSQL's Unix socket lies: in the tablet's directory, or, as the kernel allows only short paths, in a private
// directory below the temporary one whose name follows from the tablet's. A tablet's directory that may move to another machine
// does not take the socket with it: there PostgreSQL finds no place for it, and refuses to start by itself.
import { createHash } from "node:crypto";
import { lstat, mkdir, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";

/** sizeof(sun_path) less the final NUL. */
const pathLengthMax = process.platform === "linux" ? 107 : 103;

/** `place`: of who uses a directory that may move (volume/place.ts). */
export function socketDirectoryFor(
  tabletDirectory: string,
  port: number,
  place: string | undefined,
  temporaryDirectory = tmpdir(),
): string {
  const length = Buffer.byteLength(join(tabletDirectory, `.s.PGSQL.${port}`));
  // unix_socket_directories is a list with quotes and commas.
  if (place === undefined && length <= pathLengthMax && !/["\n\r]/.test(tabletDirectory)) return tabletDirectory;
  const digest = createHash("sha256")
    .update(`${tabletDirectory}${place ?? ""}`)
    .digest("hex")
    .slice(0, 16);
  return join(temporaryDirectory, `shardgres-${digest}`);
}

/** Makes it if needed. Throws AppError "unsafe-directory" when it is not this user's own. */
export async function makeSocketDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new AppError("unsafe-directory", `${directory} is needed for a socket but belongs to somebody else`);
  }
}

/** Unless somebody uses it, or it is the tablet's. */
export async function removeSocketDirectory(directory: string): Promise<void> {
  await rmdir(directory).catch(() => {});
}
