// What went wrong, as the client is told. Here, and only here, an unknown error becomes a known one.
import { AppError } from "../src/base/app-error.ts";
import type { Log } from "../src/base/log.ts";
import { encodeErrorFields, ShardError } from "../src/pgwire/error-fields.ts";
import { backend } from "../src/pgwire/message-type.ts";
import { SqlError, type SqlErrorFields } from "../src/pgwire/sql-error.ts";
import { stackDepthExceeded } from "../src/sql/stack-depth.ts";

/** The ErrorResponse for `reason`; `offset`: characters before the statement in what the client sent. */
export function errorResponse(reason: unknown, offset: number | undefined, log: Log): Buffer {
  // A tree that the parser could read may still be too deep for those who walk it.
  const error = reason instanceof RangeError && /call stack/.test(reason.message) ? stackDepthExceeded() : reason;
  if (error instanceof ShardError && error.fields.severity === "ERROR") {
    return error.encode(backend.errorResponse, offset);
  }
  return encodeErrorFields(backend.errorResponse, clientError(error, offset, log));
}

function clientError(error: unknown, offset: number | undefined, log: Log): SqlErrorFields {
  if (error instanceof ShardError) return brokenOff(error);
  if (error instanceof SqlError) {
    const { position } = error.fields;
    if (position === undefined || offset === undefined) return { ...error.fields, position: undefined };
    return { ...error.fields, position: position + offset };
  }
  if (error instanceof AppError) {
    if (error.cause instanceof ShardError) return brokenOff(error.cause);
    if (error.cause instanceof SqlError) return error.cause.fields;
    switch (error.code) {
      case "server-connection-lost":
        return { code: "08006", message: "the connection to a shard was lost" };
      case "shard-unreachable":
      case "no-connection":
        return { code: "08001", message: error.message, hint: "Try again when the shard is back." };
      default:
        break;
    }
  }
  log.error({ err: error }, "unexpected error");
  return {
    code: "XX000",
    message: "internal error of the gateway",
    hint: "The gateway's log has the cause.",
  };
}

export function noFunctionCalls(): SqlError {
  return new SqlError({
    code: "0A000",
    message: "the function call protocol is not supported",
    hint: "Use SELECT function(...).",
  });
}

/** What ends the session itself, although it may be a shard that has said so: the time limits of a transaction. */
export function endOfSession(reason: unknown): SqlError | undefined {
  const error = reason instanceof AppError ? reason.cause : reason;
  if (!(error instanceof SqlError) || error.fields.severity !== "FATAL") return undefined;
  return timeLimitCodes.has(error.fields.code) ? error : undefined;
}

/** idle_in_transaction_session_timeout, transaction_timeout. */
const timeLimitCodes = new Set(["25P03", "25P04"]);

/** A shard ended its connection (FATAL): the client's own session goes on, so for it this is an ERROR. */
function brokenOff({ fields }: ShardError): SqlErrorFields {
  return { code: fields.code, message: fields.message, detail: fields.detail, hint: fields.hint };
}
