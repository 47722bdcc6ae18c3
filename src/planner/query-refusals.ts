// Refusals of queries, UPDATE, DELETE and MERGE (SG002 to SG049). One list with those of other statements in refuse.ts.
import type { Refusal } from "./refuse.ts";

export const queryRefusals = {
  SG002: {
    sqlstate: "0A000",
    message: "temporary tables together with sharded tables are not supported",
    hint: "Use an ordinary table instead of the temporary one.",
    why: "A temporary table lives on one connection to the home shard, where rows of other shards are not.",
  },
  SG003: {
    sqlstate: "0A000",
    message: 'cannot change shard key column "{}"',
    hint: "Delete the row and insert it with its new key, in one transaction.",
    why: "A row with another shard key may belong to another shard.",
  },
  SG004: {
    sqlstate: "0A000",
    message: "row locks are not supported in this query over several shards: {}",
    hint: "Lock the rows in a query of their own: SELECT .. FROM one_table WHERE .. FOR UPDATE.",
    why: "Rows that were gathered from shards and joined elsewhere can no longer be locked.",
  },
  SG005: {
    sqlstate: "0A000",
    message: 'system columns of "{}" are not supported in this query over several shards',
    hint: "Restrict the query to one value of the shard key, or leave ctid, xmin, tableoid and the like out.",
    why: "They mean something on one shard only, and are lost when rows are gathered.",
  },
  SG006: {
    sqlstate: "0A000",
    message: 'the row of "{}" as one value is not supported in this query over several shards',
    hint: "Name its columns, or use row_to_json, to_jsonb and the like.",
    why: "Rows that were gathered no longer have the type of the table.",
  },
  SG007: {
    sqlstate: "0A000",
    message: "this UPDATE or DELETE of a sharded table is not supported: {}",
    hint: "Compare the shard keys of all sharded tables in it, or read first and write the found keys.",
    why: "Every shard changes its own rows and sees only its own rows while it does.",
  },
  SG008: {
    sqlstate: "0A000",
    message: "an unsharded table cannot be changed by what sharded tables hold: {}",
    hint: "Read first, then write the values found; or INSERT .. SELECT into it.",
    why: "Rows of the unsharded table live on the home shard only, where most rows of a sharded table are not.",
  },
  SG009: {
    sqlstate: "0A000",
    message: "a write to reference table must give the same rows on every shard: {}",
    hint: "Compute the value first and pass it as a parameter; read only reference tables in it.",
    why: "Every shard changes its own copy of a reference table; the copies must stay equal.",
  },
  SG010: {
    sqlstate: "0A000",
    message: "MERGE is supported only between tables that are not sharded",
    hint: "Use INSERT .. ON CONFLICT, or UPDATE and INSERT in one transaction.",
    why: "Rows that do not match would have to be inserted on other shards.",
  },
  SG011: {
    sqlstate: "0A000",
    message: "WHERE CURRENT OF on a sharded table is not supported without the shard key",
    hint: "Select the primary key through the cursor and use it in WHERE.",
    why: "The cursor lives on one shard, which the statement does not name.",
  },
  SG012: {
    sqlstate: "0A000",
    message: "{} in a write over several shards is not supported",
    hint: "Restrict the statement to one value of the shard key, or compute the value first.",
    why: "The function belongs to one PostgreSQL; evaluated on several shards it would give unrelated values.",
  },
  SG013: {
    sqlstate: "0A000",
    message: 'column "{}" cannot be gathered: its collation is not known',
    hint: "Restrict the query to one value of the shard key.",
    why: "Values travel without their collation; compared with another one they could be put in another order.",
  },
} as const satisfies Record<string, Refusal>;
