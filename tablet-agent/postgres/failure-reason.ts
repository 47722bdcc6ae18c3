// Why PostgreSQL has ended, from what it wrote to its log.
import { open } from "node:fs/promises";
import { AppError } from "../../src/base/app-error.ts";

/** More of a log than this is not looked at. */
const bytesMax = 100_000;

/** What is in a log from `start` on, or its end if that is too much; "" when there is no log. */
export async function logSince(path: string, start: number): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const from = Math.max(start > size ? 0 : start, size - bytesMax);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The error of a start that failed. `how`: "exit code 1". */
export function startFailure(how: string, log: string, logPath: string): AppError {
  const reason = reasonIn(log);
  const end = reason === "" ? "" : `: ${reason} (more in ${logPath})`;
  return new AppError(failureCode(log), `PostgreSQL has ended while starting (${how})${end}`);
}

const corruption = [
  "could not locate a valid checkpoint record",
  "could not locate required checkpoint record",
  "invalid (primary |secondary )?checkpoint record",
  "incorrect checksum in control file",
  "database files are incompatible with server",
  "is not a valid data directory",
  "invalid page in block",
  "invalid data in file",
  "WAL ends before (end of online backup|consistent recovery point)",
  "requested timeline \\d+ (is not a child of|does not contain)",
  'could not (open|read|stat|access) (file|directory) "(\\./)?(global|base|pg_wal|pg_xact|pg_multixact|pg_filenode)',
  'could not open control file|required WAL directory "pg_wal" does not exist',
];
const corruptionPattern = new RegExp(`(FATAL|PANIC): +.*(${corruption.join("|")})`);

/** "disk-full", "corrupt-data", or "postgres-failed" for everything else. */
export function failureCode(log: string): "disk-full" | "corrupt-data" | "postgres-failed" {
  if (/No space left on device|Disk quota exceeded/.test(log)) return "disk-full";
  return corruptionPattern.test(log) ? "corrupt-data" : "postgres-failed";
}

/**
 * Settings by which a standby could not hold what its primary has at the same time (manual: "Hot Standby"), with the values
 * that it needs. PostgreSQL names one at each start.
 */
export function settingsTooLow(log: string): Record<string, string> {
  const lines = log.matchAll(/ (\w+) = \d+ is a lower setting than on the primary server, where its value was (\d+)/g);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

/** The last words of those lines that tell of an error; else the last words. */
function reasonIn(log: string): string {
  const lines = log.split("\n");
  const telling = lines.filter((line) => /(FATAL|PANIC|ERROR|HINT):/.test(line));
  const last = (telling.length > 0 ? telling : lines.filter((line) => line.trim() !== "")).slice(-2);
  return last.map((line) => line.replace(/^.*?(FATAL|PANIC|ERROR|HINT): +/, "").trim()).join("; ");
}
