// Nesting that is too deep for the parser or for our own recursion.
import { SqlError } from "../pgwire/sql-error.ts";

/** 54001 statement_too_complex, as check_stack_depth() of PostgreSQL has it. */
export function stackDepthExceeded(cause?: unknown): SqlError {
  const error = new SqlError({
    code: "54001",
    message: "stack depth limit exceeded",
    hint: "Nest the statement less deep, or split it into several.",
  });
  if (cause !== undefined) error.cause = cause;
  return error;
}
