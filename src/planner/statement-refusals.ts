// Refusals of statements other than queries: INSERT, COPY, DDL and utility commands (SG050 to SG099). One list with
// those of queries in refuse.ts.
import type { Refusal } from "./refuse.ts";

export const statementRefusals = {
  SG050: {
    sqlstate: "0A000",
    message: "{} is not supported through the gateway",
    hint: "Connect to the shards themselves for it, if it is needed.",
    why: "The command has no meaning that would be the same on one PostgreSQL and on many.",
  },
  SG051: {
    sqlstate: "0A000",
    message: 'ON CONFLICT DO UPDATE cannot change shard key column "{}"',
    hint: "Delete the row and insert it with its new key, in one transaction.",
    why: "A row with another shard key may belong to another shard; ON CONFLICT runs inside one.",
  },
  SG052: {
    sqlstate: "0A000",
    message: "this INSERT into a sharded table is not supported: {}",
    hint: "Name the columns, and give the shard key and every column with a changing default as plain values.",
    why: "The gateway must know, before it sends a row, the exact values that PostgreSQL would store in it.",
  },
  SG053: {
    sqlstate: "0A000",
    message: 'cannot write through view "{}", which reads sharded tables',
    hint: "Write to the table itself.",
    why: "The shard of a row is found from the table's shard key, which a view may rename, compute or hide.",
  },
  SG054: {
    sqlstate: "0A000",
    message: "WITH that writes rows, in a statement over several shards, is not supported",
    hint: "Run the writes as separate statements of one transaction.",
    why: "All parts of such a statement see one snapshot and the rows that the others return, which shards cannot share.",
  },
  SG055: {
    sqlstate: "0A000",
    message: "a write to reference table must give the same row on every shard, which {} does not",
    hint: "Compute the value first and pass it as a parameter.",
    why: "Every shard stores its own copy of a reference table; a volatile expression would make the copies differ.",
  },
  SG056: {
    sqlstate: "0A000",
    message: "server-side COPY of sharded table {} is not supported",
    hint: "Use COPY .. FROM STDIN or TO STDOUT (\\copy in psql).",
    why: "A file on a server belongs to one shard's machine, and programs would run on each.",
  },
  SG057: {
    sqlstate: "0A000",
    message: "COPY into a sharded table does not support {}",
    hint: "Load into an unsharded table first, then INSERT .. SELECT.",
    why: "The gateway reads the shard key out of every line, so it must be there, plainly, in UTF-8.",
  },
  SG058: {
    sqlstate: "0A000",
    message: "COPY of a query whose result several shards must put together is not supported",
    hint: "CREATE TEMP TABLE .. AS the query first, and copy that.",
    why: "COPY's text is made by PostgreSQL; only rows that need no merge can be passed on as they come.",
  },
  SG059: {
    sqlstate: "0A000",
    message: "set_config is supported only in a SELECT without FROM, with constants and parameters",
    hint: "Write SELECT set_config('name', 'value', false), or SET.",
    why: "The gateway must see the setting to repeat it on every shard that the session meets.",
  },
  SG060: {
    sqlstate: "0A000",
    message: "a cursor over several shards is not supported",
    hint: "Restrict the query to one value of the shard key, or read its result without a cursor; the gateway streams it.",
    why: "A cursor lives in one PostgreSQL; FETCH and MOVE have no meaning across several.",
  },
  SG061: {
    sqlstate: "0A000",
    message: "EXPLAIN ANALYZE of a statement over several shards is not supported",
    hint: "EXPLAIN without ANALYZE shows the plan; or restrict the query to one value of the shard key.",
    why: "Running the parts apart would measure something else than the statement.",
  },
  SG062: {
    sqlstate: "0A000",
    message: "EXPLAIN options are not supported for a statement over several shards: {}",
    hint: "Use EXPLAIN without options.",
    why: "The plan is the gateway's, which it prints as text only.",
  },
  SG063: {
    sqlstate: "0A000",
    message: "this DO block, procedure or function is not supported: {}",
    hint: "Run its statements from the application, in one transaction.",
    why: "Code inside PostgreSQL runs on one shard and sees only that shard's rows.",
  },
  SG064: {
    sqlstate: "0A000",
    message: "subscriptions are not supported through the gateway",
    hint: "Use the gateway's resharding workflows, or subscribe on a single PostgreSQL.",
    why: "Every shard would subscribe and store every row again, without regard to its shard key.",
  },
  SG065: {
    sqlstate: "0A000",
    message: 'a materialized view over sharded tables is not supported: "{}"',
    hint: "CREATE TABLE .. AS the query, and fill it again when needed; or a plain view.",
    why: "REFRESH would see the rows of one shard.",
  },
  SG069: {
    sqlstate: "0A000",
    message: "this column cannot be added to a sharded table: {}",
    hint: "Add the column without a default, fill it with UPDATE, then set the default. Sequences of sharded tables are prepared by create_distributed_table: they must exist before it.",
    why: "Every shard would compute its own values: duplicates from a sequence, and differing copies of a reference table.",
  },
  SG070: {
    sqlstate: "0A000",
    message: "this change of partitions or inheritance of a sharded table is not supported: {}",
    hint: "CREATE TABLE .. PARTITION OF the distributed table makes a partition that is distributed too.",
    why: "The rows of the other table live elsewhere: they would have to move between shards.",
  },
  SG071: {
    sqlstate: "0A000",
    message: "this trigger on a sharded table is not supported: {}",
    hint: "Do the work in the application, or touch only reference tables and tables of the same colocation group.",
    why: "A trigger runs inside one shard and sees only that shard's rows.",
  },
  SG072: {
    sqlstate: "0A000",
    message: 'a rule on sharded table "{}" is not supported',
    hint: "Use a trigger that touches only its own row.",
    why: "A rule rewrites statements inside one shard, after the gateway has routed them.",
  },
  SG073: {
    sqlstate: "0A000",
    message: "{} belongs to the gateway and cannot be dropped or renamed",
    hint: "undistribute_table('name') makes a sharded table unsharded again.",
    why: "It says where every row lives.",
  },
  SG074: {
    sqlstate: "0A000",
    message: "{} in a query over several shards is not supported",
    hint: "Call it in a statement of its own.",
    why: "The function belongs to one PostgreSQL; evaluated on several shards it would give unrelated values.",
  },
  SG075: {
    sqlstate: "0A000",
    message: "{} is not supported through the gateway",
    hint: "A snapshot or a session belongs to one PostgreSQL; use one transaction with ISOLATION LEVEL REPEATABLE READ.",
    why: "An exported snapshot is one shard's; the gateway chooses the connection of every statement.",
  },
  SG076: {
    sqlstate: "0A000",
    message: "{} must be called alone: SELECT name(constants or parameters)",
    hint: "SELECT create_distributed_table('orders', 'customer_id').",
    why: "The gateway itself carries out this function.",
  },
  SG077: {
    sqlstate: "0A000",
    message: "a temporary object from a query over several shards is not supported: {}",
    hint: "CREATE TABLE .. AS the query, without TEMP, and drop it afterwards.",
    why: "Temporary tables live on one connection to the home shard.",
  },
  SG079: {
    sqlstate: "0A000",
    message: 'the sequence "{}" belongs to a distributed table and cannot be changed',
    hint: "Insert with explicit values, or take them from a sequence of your own.",
    why: "It counts in strides, another on every shard, so that the shards never give out the same number.",
  },
  SG080: {
    sqlstate: "0A000",
    message: "standard_conforming_strings cannot be turned off",
    hint: "Write backslashes in E'...' strings.",
    why: "The gateway finds shard keys among the literals, and reads them as the SQL standard says.",
  },
  SG081: {
    sqlstate: "0A000",
    message: "client_encoding must be UTF8",
    hint: "SET client_encoding TO 'UTF8', and let the driver convert.",
    why: "The gateway reads statements and shard keys as UTF-8.",
  },
} as const satisfies Record<string, Refusal>;
