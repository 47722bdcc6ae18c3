// Refusals while rows move: COPY data, and distributing tables (SG150 to SG199). One list with the others in refuse.ts.
import type { Refusal } from "./refuse.ts";

export const copyRefusals = {
  SG150: {
    sqlstate: "0A000",
    message: "the shard of a row cannot be found from its shard key value {}",
    hint: "Write integers in decimal, and dates and times as ISO 8601 with an offset where the type has a time zone.",
    why: "What the value means depends on the session's settings or on PostgreSQL's version, and the gateway does not guess.",
  },
} as const satisfies Record<string, Refusal>;
