// Refusals while rows move: COPY data, and distributing tables (SG150 to SG199). One list with the others in refuse.ts.
import type { Refusal } from "./refuse.ts";

export const copyRefusals = {
  SG150: {
    sqlstate: "0A000",
    message: "the shard of a row cannot be found from its shard key value {}",
    hint: "Write integers in decimal, and dates and times as ISO 8601 with an offset where the type has a time zone.",
    why: "What the value means depends on the session's settings or on PostgreSQL's version, and the gateway does not guess.",
  },
  SG151: {
    sqlstate: "0A000",
    message: "distributing a table needs isolation level READ COMMITTED",
    hint: "Run it in a transaction of its own.",
    why: "Under a snapshot that is older than the table's lock, rows that others have committed meanwhile would be left behind.",
  },
  SG152: {
    sqlstate: "55000",
    message: "table {}, which is not sharded, has rows on another shard than the home shard",
    hint: "Look at these rows on the shards themselves; delete them there or move them to the home shard.",
    why: "Rows of an unsharded table belong to the home shard; where others came from, and which are right, is not known.",
  },
} as const satisfies Record<string, Refusal>;
