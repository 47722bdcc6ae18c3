// PostgreSQL does not run as root. A test that starts it as its own child, as a tablet agent does, gives up its privileges
// first; every file of tests is a process of its own.
import { readFileSync } from "node:fs";
import { parsePasswd } from "../../src/local/server-user.ts";

/** From now on this process is `postgres` or `nobody`, if it was root. */
export function becomeUnprivileged(): void {
  if (process.getuid?.() !== 0) return;
  const users = parsePasswd(readFileSync("/etc/passwd", "utf8"));
  const user = ["postgres", "nobody"].flatMap((name) => users.find((found) => found.name === name) ?? [])[0];
  if (user === undefined) throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody");
  process.setgroups?.([user.gid]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
}
