// The directory of a local cluster: recognised by a marker, so that nothing else is ever taken for one, or deleted; and
// used by one launcher at a time.
//
//   shardgres.json     the marker
//   launcher/          who has it now
//   topology/          the topology store
//   admin-password     of the role that gateways use; agent-password is the same, for agents of another user; also
//                      postgres-password, if one was made up
//   certificates/      with which tablet agents and those who ask them know each other
//   roles.json         what a new PostgreSQL begins with
//   certificates/      of the tablet agents' API
//   logs/              of gateway, controller and tablet agents
//   tablets/<name>/    everything of one tablet
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import { ClaimedError, claimDirectory, type ProcessClaim } from "../base/process-claim.ts";
import { writeFileWhole } from "../base/write-file.ts";
import type { ServerUser } from "./server-user.ts";

const marker = "shardgres.json";
const launcherDirectory = "launcher";

/**
 * Makes the directory if needed and takes it; `user` is who the servers run as. Throws AppError "not-a-cluster" for a directory with other content,
 * "other-owner" for another user's, "running" while another launcher has it.
 */
export async function claimDataDirectory(dataDir: string, user: ServerUser | undefined): Promise<ProcessClaim> {
  // Another user than this one must get through to the shards.
  await makeDirectory(dataDir, undefined, user ? 0o755 : 0o700);
  const content = await readdir(dataDir);
  if (content.includes(marker)) await checkOwner(dataDir);
  else await markAsOurs(dataDir, content);
  const claimed = join(dataDir, launcherDirectory);
  await makeDirectory(claimed, undefined, 0o755);
  try {
    return await claimDirectory(claimed);
  } catch (error) {
    if (!(error instanceof ClaimedError)) throw error;
    throw new AppError("running", `a cluster is running in ${dataDir} already (process ${error.pid})`, {
      hint: "Stop it with Ctrl-C first, or use another directory: --data-dir DIR",
    });
  }
}

/** Deletes the cluster; the directory stays claimed. Nothing may run in it. */
export async function emptyDataDirectory(dataDir: string): Promise<void> {
  // What makes it a cluster goes first: one that was deleted by half is not taken for a whole one.
  const rest = (await readdir(dataDir)).filter((name) => name !== marker && name !== launcherDirectory);
  for (const name of ["topology", ...rest]) {
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Tablets of clusters that had one for each shard, under its name, get the place that they have now. */
export async function moveOldTablets(dataDir: string): Promise<void> {
  const before = join(dataDir, "shards");
  if (!existsSync(before)) return;
  await mkdir(join(dataDir, "tablets"), { recursive: true, mode: 0o755 });
  for (const shard of await readdir(before)) await rename(join(before, shard), join(dataDir, "tablets", `${shard}-0`));
  await rm(before, { recursive: true });
}

/** Names of the tablets that have a directory. */
export async function tabletDirectories(dataDir: string): Promise<string[]> {
  return await readdir(join(dataDir, "tablets")).catch(() => []);
}

/** As mkdir -p, but with these permissions, whatever the umask, and this owner. */
export async function makeDirectory(path: string, owner: ServerUser | undefined, mode: number): Promise<void> {
  const topmost = await mkdir(path, { recursive: true });
  if (topmost !== undefined) {
    for (let made = path; made.length >= topmost.length; made = dirname(made)) await chmod(made, mode);
  }
  if (owner) await chown(path, owner.uid, owner.gid);
}

async function markAsOurs(dataDir: string, content: readonly string[]): Promise<void> {
  if (content.length > 0) {
    throw new AppError("not-a-cluster", `${dataDir} is not empty and not a data directory of Shardgres`, {
      hint: "It is left as it is. Use another directory: --data-dir DIR",
    });
  }
  const text = JSON.stringify({ what: "data directory of `shardgres local`", format: 1 }, null, 2);
  await writeFileWhole(join(dataDir, marker), `${text}\n`);
}

async function checkOwner(dataDir: string): Promise<void> {
  const { uid } = await stat(join(dataDir, marker));
  const own = process.getuid?.();
  if (own === undefined || own === uid) return;
  throw new AppError("other-owner", `the cluster in ${dataDir} belongs to another user (uid ${uid})`, {
    hint: "Start it as that user, or use another directory: --data-dir DIR",
  });
}

/** Makes errors of the operating system about the data directory say what could not be done. */
export function describeDirectoryError(dataDir: string, error: unknown): unknown {
  const code = errorCode(error);
  if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS" && code !== "ENOTDIR") return error;
  return new AppError("data-directory", `${dataDir} cannot be used as data directory: ${String(error)}`, {
    hint: "Use another directory: --data-dir DIR",
    cause: error,
  });
}
