// Where the WAL of a standby may have parted from that of all others without saying so: its timelines are in a file of
// history, its terms in the WAL itself.
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { readIfThere } from "../../src/base/read-if-there.ts";
import { parseTimelines } from "./common-history.ts";
import type { TermStart } from "./server.ts";

/** See `Observation`. undefined: that is not known yet. Throws AppError "corrupt-data" when the file makes no sense. */
export async function branchedAt(
  dataDirectory: string,
  { timeline, terms }: { readonly timeline: number; readonly terms: readonly TermStart[] },
): Promise<{ readonly lsn: number | undefined } | undefined> {
  if (timeline === 1) return { lsn: undefined };
  const name = `${timeline.toString(16).toUpperCase().padStart(8, "0")}.history`;
  const text = await readIfThere(join(dataDirectory, "pg_wal", name));
  if (text === undefined) return undefined;
  const timelines = parseTimelines(timeline, text);
  if (timelines === undefined) throw new AppError("corrupt-data", `the history of timeline ${timeline} makes no sense`);
  const fromLsn = terms.at(-1)?.lsn ?? 0;
  return { lsn: timelines.find(({ lsn }) => lsn > fromLsn)?.lsn };
}
