// What PostgreSQL has written to its log about a standby that gets no WAL. The views do not tell.
import type { ReceiverProblem } from "./server.ts";

const removed =
  /requested WAL segment \w+ has already been removed|can no longer (get changes|access) .*replication slot|because it has been invalidated|cannot read from physical replication slot/;
const diverged =
  /is not in this server's history|forked off current database system timeline \d+ before current recovery point|highest timeline \d+ of the primary is behind recovery timeline|database system identifier differs|is ahead of the WAL flush position of this server/;
const other =
  /could not (connect to the primary server|receive data from WAL stream|start WAL streaming|send data to WAL stream)|replication terminated by primary server|terminating walreceiver due to timeout/;

/**
 * A line of `log_line_prefix` without session: what a session says may have any words of a client in it. (Further lines of a
 * message begin with a tab.)
 */
const said = /^[^\s[]+ [^\s[]+ [^\s[]+ \[\d+\] (LOG|FATAL|ERROR|DETAIL): +/;

/** The last one in this part of a log. */
export function receiverProblem(log: string): ReceiverProblem | undefined {
  const lines = log.split("\n").filter((line) => said.test(line));
  for (const line of lines.reverse()) {
    const kind = removed.test(line)
      ? "wal-removed"
      : diverged.test(line)
        ? "diverged"
        : other.test(line)
          ? "other"
          : undefined;
    if (kind === undefined) continue;
    return { kind, message: line.replace(said, "").trim() };
  }
  return undefined;
}
