// Who PostgreSQL and its agent run as. PostgreSQL refuses to run as root, so a cluster that root starts uses a user
// without privileges, who must be able to reach the programs and the data.
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { AppError } from "../base/app-error.ts";
import { runCommand } from "../base/run-command.ts";

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const candidates = ["postgres", "nobody"];

/**
 * undefined: the user of this process. `owned` is a directory that an earlier start has given to that user, if there is
 * one: who owns data keeps it. Throws AppError "no-server-user".
 */
export async function serverUser(owned: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = parsePasswd(await readFile("/etc/passwd", "utf8"));
  const owner = (await stat(owned).catch(() => undefined))?.uid;
  const user =
    owner === undefined || owner === 0
      ? candidates.flatMap((name) => users.find((user) => user.name === name) ?? [])[0]
      : users.find((user) => user.uid === owner);
  if (user) return user;
  throw new AppError("no-server-user", "PostgreSQL must not run as root, and there is no user for it", {
    hint: `Create a user named ${candidates[0]}, or start as another user than root.`,
  });
}

/** Reads passwd(5). */
export function parsePasswd(text: string): ServerUser[] {
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : [];
  });
}

/** Throws AppError "unreachable" when the user may not read one of the programs, or get to the data directory. */
export async function checkReachable(user: ServerUser, programs: readonly string[], dataDir: string): Promise<void> {
  const program = await firstBarrier(user, programs);
  if (program !== undefined) {
    throw new AppError("unreachable", `PostgreSQL runs as user ${user.name}, who cannot read ${program}`, {
      hint: "Move Shardgres to where everybody may read it, such as /opt, or start it as another user than root.",
    });
  }
  const directory = await firstBarrier(user, [await existingAncestor(dataDir)]);
  if (directory !== undefined) {
    throw new AppError("unreachable", `PostgreSQL runs as user ${user.name}, who cannot enter ${directory}`, {
      hint: "Keep the data somewhere else: --data-dir /var/tmp/shardgres",
    });
  }
}

/** The first of the paths and their parents that the user may not read or enter. The kernel is asked, as that user. */
async function firstBarrier({ uid, gid }: ServerUser, paths: readonly string[]): Promise<string | undefined> {
  const script = 'for path; do [ -x "$path" ] || [ -f "$path" -a -r "$path" ] || { echo "$path"; exit; }; done';
  const all = paths.flatMap((path) => [...ancestors(resolve(path)), resolve(path)]);
  const { output } = await runCommand("/bin/sh", ["-c", script, "sh", ...all], { uid, gid, cwd: "/" });
  return output.trim() || undefined;
}

/** Topmost first. */
function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestors(parent), parent];
}

async function existingAncestor(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found || dirname(path) === path ? path : existingAncestor(dirname(path));
}
