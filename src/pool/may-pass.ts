// What a shard without a primary looks like to those who want to connect to it, and what they are told when they have
// waited long enough.
import { AppError } from "../base/app-error.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName } from "../topology/snapshot.ts";

/**
 * The server ends all connections (admin_shutdown, crash_shutdown), or takes none yet or any more (cannot_connect_now);
 * query_canceled: the role's statement_timeout is too short for a server that has just started.
 */
const passing = new Set(["57P01", "57P02", "57P03", "57014"]);

export function isPassing(code: string): boolean {
  return passing.has(code);
}

const passingErrors = new Set(["server-connection-lost", "no-primary", "read-only-primary"]);

/** A connection could not be opened, and it says nothing about who wanted it: the shard may have a primary again soon. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ShardError) return isPassing(error.fields.code);
  if (!(error instanceof AppError)) return false;
  if (error.cause instanceof SqlError) return mayPass(error.cause);
  return passingErrors.has(error.code);
}

/** cannot_connect_now. `reason`: of the last attempt; undefined: a switchover is under way. */
export function heldTooLong(shard: ShardName, reason: unknown, heldMs: number): SqlError {
  const last = reason instanceof Error ? `The last attempt to connect failed: ${reason.message}.` : "";
  const waited = heldMs > 0 ? `The statement has waited for ${heldMs} ms (shardgres.hold_timeout).` : "";
  return new SqlError({
    code: "57P03",
    message:
      reason === undefined
        ? `shard "${shard}" is being switched over to another primary`
        : `shard "${shard}" has no primary at present`,
    detail: [waited, last].filter((text) => text !== "").join(" ") || undefined,
    hint: "The statement has changed nothing on this shard. It may be tried again.",
  });
}
