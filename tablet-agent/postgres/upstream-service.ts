// How a standby reaches the primary that it follows: by a libpq service that is named after the primary and its term, in
// a file that holds no other (manual: "The Connection Service File"). A WAL receiver opens its connection by that file. So
// once the file is replaced, no receiver that is told an old name, however late it starts, can reach the old primary and
// acknowledge anything to it: the connection to the old term is cut by the file, not by PostgreSQL getting round to it.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { writeFileWhole } from "../../src/base/write-file.ts";
import { standbyName, type Upstream } from "./server.ts";
import { passwordLine } from "./standby.ts";

/** The role that agents, gateways and standbys use. */
export const controlRole = "shardgres";

export interface UpstreamFiles {
  readonly postgresMajor: number;
  /** Certificate of who signs the upstreams'; undefined: TLS is not insisted on. */
  readonly authorityFile: string | undefined;
  /** For the environment variable PGSERVICEFILE of PostgreSQL. */
  readonly serviceFile: string;
  readonly passwordFile: string;
}

export function upstreamFiles(
  directory: string,
  postgresMajor: number,
  authorityFile: string | undefined,
): UpstreamFiles {
  return {
    postgresMajor,
    authorityFile,
    serviceFile: join(directory, "replication-service.conf"),
    passwordFile: join(directory, "replication-password"),
  };
}

/** Value of primary_conninfo for `tablet`. The database is for the worker that synchronizes logical slots. */
export function upstreamConninfo(tablet: string, upstream: Upstream): string {
  return `${upstreamService(upstream)} dbname=postgres application_name=${standbyName(tablet, upstream.term)}`;
}

/** A connection string that the file completes. */
export function upstreamService(upstream: Upstream): string {
  return `service=${serviceName(upstream)}`;
}

/** From now on only `upstream` can be reached. */
export async function openUpstream(
  files: UpstreamFiles,
  upstream: Upstream | undefined,
  password: string | undefined,
): Promise<void> {
  if (password === undefined) await rm(files.passwordFile, { force: true });
  else await writePassword(files.passwordFile, passwordLine(controlRole, password));
  const way = {
    postgresMajor: files.postgresMajor,
    passwordFile: password === undefined ? undefined : files.passwordFile,
    authorityFile: files.authorityFile,
  };
  const text = upstream === undefined ? "" : serviceText(upstream, way);
  await writeFileWhole(files.serviceFile, text, { mode: 0o600 });
}

async function writePassword(path: string, line: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) !== line) await writeFileWhole(path, line, { mode: 0o600 });
}

interface Way {
  readonly postgresMajor: number;
  readonly passwordFile?: string | undefined;
  readonly authorityFile?: string | undefined;
}

/** One section. Values go to the end of the line, without quotes. */
export function serviceText(upstream: Upstream, { postgresMajor, passwordFile, authorityFile }: Way): string {
  const { host, port } = upstream.address;
  const words: readonly (readonly [string, string])[] = [
    ["host", host],
    ["port", String(port)],
    ["user", controlRole],
    ...(passwordFile === undefined ? [] : ([["passfile", passwordFile]] as const)),
    ...(authorityFile === undefined
      ? []
      : ([
          ["sslmode", "verify-ca"],
          ["sslrootcert", authorityFile],
        ] as const)),
    // Certificates of whoever this runs as are none of its business.
    ...(postgresMajor >= 16 ? ([["sslcertmode", "disable"]] as const) : []),
    // A machine that is gone is given up in seconds.
    ["connect_timeout", "5"],
    ["keepalives_idle", "5"],
    ["keepalives_interval", "2"],
    ["keepalives_count", "3"],
    ["tcp_user_timeout", "8000"],
  ];
  for (const [word, value] of words) {
    if (!/[\n\r\0]|^\s|\s$/.test(value)) continue;
    throw new AppError("invalid-address", `${JSON.stringify(value)} cannot be the ${word} of an upstream`);
  }
  return `[${serviceName(upstream)}]\n${words.map(([word, value]) => `${word}=${value}\n`).join("")}`;
}

function serviceName({ tablet, term }: Upstream): string {
  return standbyName(tablet, term);
}
