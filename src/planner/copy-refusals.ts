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
    sqlstate: "0A000",
    message: "sequence {} of a smallint column cannot be shared out between shards",
    hint: "Make the column (and its sequence) integer or bigint first.",
    why: "Every shard draws from its own part of the sequence's values; of smallint's 32,767 too few would be left.",
  },
  SG153: {
    sqlstate: "0A000",
    message: "sequence {} cannot be shared out between this many shards",
    hint: "Make the column and its sequence bigint first.",
    why: "A sequence of integers is shared out between at most 64 shards, one of bigints between 1,024 (counted by ordinal).",
  },
  SG154: {
    sqlstate: "0A000",
    message: "sequence {} begins anew at its end",
    hint: "ALTER SEQUENCE .. NO CYCLE.",
    why: "After a new beginning the values of different shards would no longer be disjoint.",
  },
  SG155: {
    sqlstate: "0A000",
    message: "the default of column {} names its sequence in a text, so that it cannot be found",
    hint: "Write nextval('name') or nextval('name'::regclass) as the default.",
    why: "Sequences of a distributed table are changed so that shards never give the same value.",
  },
  SG156: {
    sqlstate: "55000",
    message: "table {}, which is not sharded, has rows on another shard than the home shard",
    hint: "Look at these rows on the shards themselves; delete them there or move them to the home shard.",
    why: "Rows of an unsharded table belong to the home shard; where others came from, and which are right, is not known.",
  },
} as const satisfies Record<string, Refusal>;
