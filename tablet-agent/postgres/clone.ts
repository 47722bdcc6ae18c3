// Makes a standby out of a running PostgreSQL, over the replication protocol alone: slot, base backup, configuration.
// Everything is written once, into a directory that gets its name when it is complete.
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { AppError } from "../../src/base/app-error.ts";
import { errorCode } from "../../src/base/error-code.ts";
import { type BackupProgress, type BaseBackup, receiveBaseBackup } from "./base-backup.ts";
import { ReplicationConnection } from "./replication-connection.ts";
import { reserveSlot } from "./replication-slot.ts";
import { makeStandby, type StandbySource } from "./standby.ts";
import { syncTree } from "./sync-tree.ts";
import { finishDirectory, removeUnfinished, unfinishedName } from "./unfinished-directory.ts";

export interface CloneOptions {
  /** Also where the standby will get its WAL from. */
  readonly source: StandbySource;
  /** Of the programs that will run on the data. */
  readonly postgresMajor: number;
  /** Must not exist, or be empty. */
  readonly dataDirectory: string;
  readonly fsync: boolean;
  readonly onProgress: (progress: BackupProgress) => void;
  readonly signal: AbortSignal;
}

export interface Clone extends BaseBackup {
  /** What the source and all its standbys have in common, and no other PostgreSQL. */
  readonly systemIdentifier: string;
}

/** Long enough for the checkpoint that comes first. */
const silenceLimitMs = 300_000;

/**
 * The directory can be started as a standby when this resolves. When it fails, the directory is as it was before; the
 * slot stays on the source, for the next try, and has to be dropped there if there is none. Throws AppError
 * "not-empty", "wrong-version", those of `receiveBaseBackup`, ShardError for what the source refuses, or the reason of
 * the signal.
 */
export async function cloneStandby(options: CloneOptions): Promise<Clone> {
  const { dataDirectory, source, signal } = options;
  await checkEmpty(dataDirectory);
  await removeUnfinished(dataDirectory);
  const login = {
    user: source.user,
    secret: source.password === undefined ? undefined : ({ kind: "password", password: source.password } as const),
  };
  const authority = source.authorityFile === undefined ? undefined : await readFile(source.authorityFile, "utf8");
  const connection = await ReplicationConnection.open(source.address, login, { signal, silenceLimitMs, authority });
  const unfinished = unfinishedName(dataDirectory);
  try {
    checkVersion(connection.parameters.get("server_version") ?? "", options.postgresMajor);
    const [system] = await connection.rows("IDENTIFY_SYSTEM");
    await reserveSlot(connection, source.slot);
    await mkdir(unfinished, { mode: 0o700 });
    const backup = await receiveBaseBackup(connection, {
      label: `clone for ${source.applicationName}`,
      directory: unfinished,
      onProgress: options.onProgress,
    });
    await makeStandby(unfinished, source);
    if (options.fsync) await syncTree(unfinished, signal);
    signal.throwIfAborted();
    await finishDirectory(unfinished, dataDirectory, options.fsync);
    return { ...backup, systemIdentifier: system?.[0] ?? "" };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  } finally {
    connection.close();
  }
}

async function checkEmpty(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  throw new AppError("not-empty", `${directory} is not empty, and a clone does not replace anything`, {
    hint: "Move it away if its data are not needed any more.",
  });
}

/** Data of one major version are of no use to another. */
function checkVersion(text: string, postgresMajor: number): void {
  if (Number.parseInt(text, 10) === postgresMajor) return;
  throw new AppError("wrong-version", `PostgreSQL ${postgresMajor} cannot run on the data of PostgreSQL ${text}`);
}
