// Files by which PostgreSQL keeps a second one away: they name a pid, which means nothing when the directory was used on
// another machine, and may by chance be somebody's here. To be called when no PostgreSQL runs on the directory anywhere.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../src/base/error-code.ts";

/** `directory`: the tablet's. */
export async function removeLocks(directory: string): Promise<void> {
  await rm(join(directory, "pgdata", "postmaster.pid"), { force: true }).catch((error: unknown) => {
    if (errorCode(error) !== "ENOTDIR") throw error;
  });
  const sockets = (await readdir(directory)).filter((name) => /^\.s\.PGSQL\.\d+(\.lock)?$/.test(name));
  await Promise.all(sockets.map((name) => rm(join(directory, name), { force: true })));
}
