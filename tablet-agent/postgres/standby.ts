// What makes a standby of a data directory: a signal file, and where it gets its WAL from. The password stands in a
// file of its own outside of the data directory, so that neither SHOW nor a later clone gives it away.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { writeFileWhole } from "../../src/base/write-file.ts";
import type { ServerAddress } from "../../src/pgclient/server-connection.ts";
import { quoted } from "./configuration.ts";

export interface StandbySource {
  readonly address: ServerAddress;
  readonly user: string;
  /** undefined: the source trusts this user. */
  readonly password: string | undefined;
  /** The standby's own slot on the source. */
  readonly slot: string;
  /** How the standby is called in pg_stat_replication and in synchronous_standby_names. */
  readonly applicationName: string;
  /** Absolute; written when there is a password. */
  readonly passwordFile: string;
  /** File with the certificate of who signs the source's; left out: TLS is not insisted on. */
  readonly authorityFile?: string | undefined;
}

/** Overrides what the source's own postgresql.auto.conf said: the last line wins. */
export async function makeStandby(dataDirectory: string, source: StandbySource): Promise<void> {
  if (source.password !== undefined) {
    await writeFileWhole(source.passwordFile, passwordLine(source.user, source.password), { mode: 0o600 });
  }
  await appendFile(join(dataDirectory, "postgresql.auto.conf"), `\n${standbyConfiguration(source)}`);
  await writeFileWhole(join(dataDirectory, "standby.signal"), "", { mode: 0o600 });
}

/** Lines of a configuration file. */
export function standbyConfiguration(source: StandbySource): string {
  const { host, port } = source.address;
  const words: readonly (readonly [string, string])[] = [
    ["host", host],
    ["port", String(port)],
    ["user", source.user],
    ...(source.password === undefined ? [] : ([["passfile", source.passwordFile]] as const)),
    ["application_name", source.applicationName],
  ];
  const conninfo = words.map(([word, value]) => `${word}=${quotedWord(value)}`).join(" ");
  return `primary_conninfo = ${quoted(conninfo)}\nprimary_slot_name = ${quoted(source.slot)}\n`;
}

/** Manual: "Connection Strings". */
function quotedWord(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Manual: "The Password File". It is used for one connection only, wherever the source moves. */
export function passwordLine(user: string, password: string): string {
  if (/[\n\r\0]/.test(user + password)) {
    throw new AppError("invalid-password", "a password file cannot hold a user or password with line breaks");
  }
  const escaped = (text: string) => text.replace(/[\\:]/g, "\\$&");
  return `*:*:*:${escaped(user)}:${escaped(password)}\n`;
}
