// Makes data that have gone another way than the primary's into a standby's again, with pg_rewind: it copies what has
// changed since the histories parted, and the rest stays. Only where it is sure to find that place.
import { access, constants, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import type { Log } from "../../src/base/log.ts";
import { type CommandResult, runCommand } from "../../src/base/run-command.ts";
import { canFindFork, parseTimelines, type TimelineStart, type WalHistory } from "./common-history.ts";
import { readControlFile } from "./control-file.ts";
import { postgresEnvironment } from "./environment.ts";
import type { Upstream } from "./server.ts";
import { value, withSession } from "./session.ts";
import { parseTermRecord, readTermRecord } from "./term-record.ts";
import { controlRole, openUpstream, type UpstreamFiles, upstreamService } from "./upstream-service.ts";

export interface RewindOptions {
  readonly pgBin: string;
  readonly dataDirectory: string;
  readonly files: UpstreamFiles;
  readonly password: string | undefined;
  readonly fsync: boolean;
  readonly log: Log;
}

/** PostgreSQL does not run on the data. See `PostgresServer`. */
export async function rewind(
  options: RewindOptions,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<"rewound" | "not-possible"> {
  const { pgBin, dataDirectory, files, password, log } = options;
  const notPossible = (why: string) => {
    log.info({ why }, "the data cannot be rewound");
    return "not-possible" as const;
  };
  if (!(await isExecutable(`${pgBin}/pg_rewind`))) return notPossible("PostgreSQL comes without pg_rewind here");
  const source = await withSession(
    { address: upstream.address, password, authorityFile: files.authorityFile },
    readSource,
    signal,
  );
  const ours = await readControlFile(dataDirectory);
  if (ours.systemIdentifier !== source.systemIdentifier) {
    throw new AppError("other-system", `the data of ${upstream.tablet} are not of the same origin as those here`);
  }
  const target = await readTarget(options, signal);
  if (target === undefined) return notPossible("PostgreSQL cannot read the data by itself");
  if (!canFindFork(target, source)) return notPossible("it cannot be told by the timelines where the histories part");
  await openUpstream(files, upstream, password);
  const { succeeded, output } = await runRewind(options, upstream, signal);
  signal.throwIfAborted();
  return succeeded ? "rewound" : notPossible(output.trim().split("\n").slice(-3).join("; "));
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function readSource(client: pg.Client): Promise<WalHistory & { systemIdentifier: string }> {
  const systemIdentifier = await value<string>(client, "SELECT system_identifier::text FROM pg_control_system()");
  // Names of history files sort by their timelines.
  const { rows } = await client.query(
    "SELECT name, pg_read_file('pg_wal/' || name) AS text FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{8}[.]history$' ORDER BY 1 DESC LIMIT 1",
  );
  const [newest] = rows as { name: string; text: string }[];
  const timelines =
    newest === undefined ? firstTimeline : parseTimelines(Number.parseInt(newest.name, 16), newest.text);
  if (timelines === undefined) throw new AppError("protocol-violation", "the source has a damaged timeline history");
  return { systemIdentifier, timelines, terms: (await readTermRecord(client)).terms };
}

const firstTimeline: TimelineStart[] = [{ timeline: 1, lsn: 0 }];

/**
 * In single-user mode, which also recovers from a crash, as pg_rewind wants it. undefined: that did not work. The data are
 * written to by this, which does not matter as they are about to be rewound or removed.
 */
async function readTarget(options: RewindOptions, signal: AbortSignal): Promise<WalHistory | undefined> {
  const { pgBin, dataDirectory, fsync } = options;
  await Promise.all(
    ["standby.signal", "recovery.signal"].map((name) => rm(join(dataDirectory, name), { force: true })),
  );
  const query = `SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = (SELECT oid FROM pg_roles WHERE rolname = '${controlRole}')`;
  const { succeeded, output } = await runCommand(
    `${pgBin}/postgres`,
    ["--single", "-D", dataDirectory, ...(fsync ? [] : ["-F"]), "-c", "log_min_messages=fatal", "postgres"],
    { env: postgresEnvironment(process.env), cwd: "/", signal, input: `${query}\n` },
  );
  signal.throwIfAborted();
  const { timeline, state } = await readControlFile(dataDirectory);
  if (!succeeded || state !== "shut-down") return undefined;
  const settings = [...output.matchAll(/ = "([^"]*)"\t\(typeid/g)].map(([, setting]) => setting!);
  const path = join(dataDirectory, "pg_wal", `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`);
  const timelines = timeline === 1 ? firstTimeline : parseTimelines(timeline, await readFile(path, "utf8"));
  return timelines && { timelines, terms: parseTermRecord(settings).terms };
}

function runRewind(
  { pgBin, dataDirectory, files, fsync }: RewindOptions,
  upstream: Upstream,
  signal: AbortSignal,
): Promise<CommandResult> {
  const source = `${upstreamService(upstream)} dbname=postgres`;
  const args = ["--target-pgdata", dataDirectory, "--source-server", source, ...(fsync ? [] : ["--no-sync"])];
  return runCommand(`${pgBin}/pg_rewind`, args, {
    env: { ...postgresEnvironment(process.env), PGSERVICEFILE: files.serviceFile },
    cwd: "/",
    signal,
  });
}
