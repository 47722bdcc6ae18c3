// Functions that one PostgreSQL answers alike throughout a statement, but every shard in its own way: the time at which the
// transaction began, and whatever belongs to one server or one connection. Where their values come out of a query over
// several shards, they must be evaluated in one place.
import type { CatalogSnapshot } from "../../catalog/snapshot.ts";

/** "time": a condition with it may be judged by every shard (their clocks agree); "server": not even that. */
export type Steadiness = "steady" | "time" | "server";

const times = new Set(["age", "now", "statement_timestamp", "transaction_timestamp"]);

const timeOperations = /^SVFOP_(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME|LOCALTIMESTAMP)(_N)?$/;

const serverNames =
  /^(pg_|has_\w+_privilege$|inet_|txid_|col_description$|obj_description$|shobj_description$|to_reg|row_security_active$)/;

/** Named so, but the same everywhere. */
const harmless = new Set([
  "pg_client_encoding",
  "pg_collation_for",
  "pg_column_compression",
  "pg_column_size",
  "pg_input_error_info",
  "pg_input_is_valid",
  "pg_size_bytes",
  "pg_size_pretty",
  "pg_sleep",
  "pg_sleep_for",
  "pg_sleep_until",
  "pg_typeof",
]);

/** Functions made by users are taken for steady. */
export function steadinessOf(
  { stableFunctions, volatileFunctions, userFunctions }: CatalogSnapshot,
  name: string,
): Steadiness {
  if (userFunctions.has(name)) return "steady";
  if (times.has(name)) return "time";
  const isChanging = stableFunctions.has(name) || volatileFunctions.has(name);
  return isChanging && serverNames.test(name) && !harmless.has(name) ? "server" : "steady";
}

/** `operation` of a SQLValueFunction: CURRENT_DATE and the like. */
export function isTimeOperation(operation: string | undefined): boolean {
  return timeOperations.test(operation ?? "");
}
