// Any error as what a person at a terminal should read.
import { AppError } from "./app-error.ts";
import { AssertionError } from "./assert.ts";

export interface ErrorDescription {
  readonly message: string;
  readonly hint: string | undefined;
}

/** Wrong code shows its stack; everything else its message. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof AppError) return { message: error.message, hint: error.hint };
  if (error instanceof AssertionError || error instanceof TypeError || error instanceof ReferenceError) {
    return { message: error.stack ?? error.message, hint: "This is a bug in Shardgres." };
  }
  return { message: error instanceof Error ? error.message : String(error), hint: undefined };
}
