// BASE_BACKUP of PostgreSQL 15 and later (manual: "Streaming Replication Protocol"): two results (where it starts, and
// the tablespaces), one stream of archives and of the manifest, one result (where it ends). What comes is written at once.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import type { ReplicationConnection, ReplicationRow } from "./replication-connection.ts";
import { TarReader } from "./tar-reader.ts";

export interface BackupProgress {
  readonly bytesDone: number;
  /** What the source has estimated, without the WAL that comes last; never less than what is done. */
  readonly bytesTotal: number;
}

export interface BaseBackup {
  readonly timeline: number;
  /** As PostgreSQL writes them: "0/2000028". */
  readonly startLsn: string;
  readonly endLsn: string;
}

export interface BackupTarget {
  /** Shown in backup_label. */
  readonly label: string;
  /** Exists and is empty. */
  readonly directory: string;
  readonly onProgress: (progress: BackupProgress) => void;
}

const progressStepBytes = 1024 * 1024;

/**
 * Resolves when every file is written, WAL up to `endLsn` included, and closed; not synced. Throws ShardError for what
 * the source refuses, AppError "has-tablespaces", "bad-tar", "bad-archive" or "protocol-violation".
 */
export async function receiveBaseBackup(
  connection: Pick<ReplicationConnection, "answer">,
  target: BackupTarget,
): Promise<BaseBackup> {
  const results: ReplicationRow[][] = [];
  const stream = new BackupStream(target);
  try {
    for await (const part of connection.answer(backupCommand(target.label))) {
      if (part.kind === "result") results.push([]);
      else if (part.kind === "row") results.at(-1)?.push(part.row);
      else if (part.kind === "copy-start") stream.begin(results[1] ?? []);
      else if (part.kind === "copy-data") await stream.take(part.bytes);
      else await stream.finish();
    }
  } finally {
    await stream.close();
  }
  const [start, , end] = results.map(([row]) => row);
  if (!stream.isComplete || !start?.[0] || !start[1] || !end?.[0]) throw violation("the backup has no end");
  return { timeline: Number(start[1]), startLsn: start[0], endLsn: end[0] };
}

/** WAIT: a source whose archiving fails would make us wait for ever, and the WAL comes with the backup. */
function backupCommand(label: string): string {
  const options = [
    `LABEL '${label.replaceAll("'", "''")}'`,
    "PROGRESS",
    "CHECKPOINT 'fast'",
    "WAL",
    "WAIT false",
    "MANIFEST 'yes'",
  ];
  return `BASE_BACKUP (${options.join(", ")})`;
}

type Stage =
  | { readonly kind: "begin" }
  | { readonly kind: "archive"; readonly tar: TarReader }
  | { readonly kind: "manifest"; readonly file: FileHandle }
  | { readonly kind: "complete" };

/** CopyData: one byte that says what it is, then the rest. Only the main archive and, behind it, the manifest may come. */
class BackupStream {
  #target: BackupTarget;
  #writer: ArchiveWriter;
  #stage: Stage = { kind: "begin" };
  #bytesDone = 0;
  #bytesReported = 0;
  #bytesEstimated = 0;

  constructor(target: BackupTarget) {
    this.#target = target;
    this.#writer = new ArchiveWriter(target.directory);
  }

  get isComplete(): boolean {
    return this.#stage.kind === "complete";
  }

  /** `tablespaces`: OID, place and size in KiB; the data directory itself comes without the first two. */
  begin(tablespaces: readonly ReplicationRow[]): void {
    const places = tablespaces.flatMap(([oid, place]) => (oid === null ? [] : [place]));
    if (places.length > 0) {
      throw new AppError("has-tablespaces", `the source keeps data outside of its directory: ${places.join(", ")}`, {
        hint: "Move what is in those tablespaces to pg_default and drop them; Shardgres does not copy them.",
      });
    }
    this.#bytesEstimated = Number(tablespaces[0]?.[2] ?? 0) * 1024;
    this.#report();
  }

  async take(message: Buffer): Promise<void> {
    const rest = message.subarray(1);
    switch (String.fromCharCode(message[0] ?? 0)) {
      case "n":
        if (this.#stage.kind !== "begin") throw violation("more than one archive");
        this.#stage = { kind: "archive", tar: new TarReader() };
        return;
      case "m":
        if (this.#stage.kind !== "archive") throw violation("a manifest without an archive");
        this.#stage.tar.end();
        this.#stage = {
          kind: "manifest",
          file: await open(join(this.#target.directory, "backup_manifest"), "wx", 0o600),
        };
        return;
      case "d":
        await this.#data(rest);
        return;
      case "p":
        // The server's count; ours says what is written here.
        return;
      default:
        throw violation("a message of unknown kind in the backup");
    }
  }

  async #data(bytes: Buffer): Promise<void> {
    if (this.#stage.kind === "manifest") {
      await this.#stage.file.writeFile(bytes);
      return;
    }
    if (this.#stage.kind !== "archive") throw violation("data that belong to nothing");
    for (const part of this.#stage.tar.push(bytes)) await this.#writer.write(part);
    this.#bytesDone += bytes.length;
    if (this.#bytesDone - this.#bytesReported >= progressStepBytes) this.#report();
  }

  async finish(): Promise<void> {
    if (this.#stage.kind !== "manifest") throw violation("a backup without a manifest");
    await this.close();
    this.#stage = { kind: "complete" };
    this.#bytesEstimated = this.#bytesDone;
    this.#report();
  }

  /** Closes what has been left open. */
  async close(): Promise<void> {
    await this.#writer.close();
    if (this.#stage.kind === "manifest") await this.#stage.file.close();
  }

  #report(): void {
    this.#bytesReported = this.#bytesDone;
    const bytesTotal = Math.max(this.#bytesEstimated, this.#bytesDone);
    this.#target.onProgress({ bytesDone: this.#bytesDone, bytesTotal });
  }
}

export function progressText({ bytesDone, bytesTotal }: BackupProgress): string {
  const percent = bytesTotal === 0 ? 0 : Math.floor((100 * bytesDone) / bytesTotal);
  return `${percent} % of ${Math.round(bytesTotal / 2 ** 20)} MiB`;
}

function violation(what: string): AppError {
  return new AppError("protocol-violation", `the source breaks the protocol: ${what}`);
}
