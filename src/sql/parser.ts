// The parser's instances: one at work, one spare. An instance whose stack has overflowed is damaged and must be replaced,
// which takes turns of the event loop, while `parse` is synchronous.
import { AssertionError } from "../base/assert.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import { createParserInstance, type ParserAnswer, type ParserInstance } from "./parser-instance.ts";
import { stackDepthExceeded } from "./stack-depth.ts";

/** An instance with more memory than this is replaced after use: its memory never shrinks. */
const KEPT_MEMORY_BYTES = 256 * 1024 * 1024;
/** No shorter text can nest so deep that the stack overflows. */
const SURELY_SHALLOW_LENGTH = 2000;

let current: ParserInstance | undefined;
let spare: ParserInstance | undefined;
let isDamaged = false;
let isRefilling = false;

/** To be awaited once when the process starts. */
export async function startParser(): Promise<void> {
  current ??= await createParserInstance();
  spare ??= await createParserInstance();
}

/** SqlError 54001 for what is nested too deep, 53200 for what is too long (hundreds of megabytes). */
export function askParser(text: string): ParserAnswer {
  const parser = loaded();
  if (isDamaged && text.length > SURELY_SHALLOW_LENGTH) {
    void refill();
    throw stackDepthExceeded();
  }
  try {
    const answer = parser.parse(text);
    if (!isDamaged && parser.memoryBytes() > KEPT_MEMORY_BYTES) replace();
    return answer;
  } catch (error) {
    replace();
    throw isOverflow(error) ? stackDepthExceeded(error) : outOfMemory(error);
  }
}

/** Of JavaScript's stack, or of the module's own. */
function isOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === "RuntimeError");
}

/** 53200: the module may not have more memory; it has ended itself. */
function outOfMemory(cause: unknown): SqlError {
  const error = new SqlError({
    code: "53200",
    message: "out of memory",
    detail: "The statement is too long to parse.",
  });
  error.cause = cause;
  return error;
}

/** Tokens of libpg-query's own scanner, as JSON: what the tests compare our lexer with. */
export function scanWithPostgres(text: string): string {
  return loaded().scan(text);
}

function loaded(): ParserInstance {
  if (current === undefined) throw new AssertionError("loadParser() has not been awaited");
  return current;
}

/**
 * Takes the spare and has a new one made. Without a spare (several overflows within one turn of the event loop) the damaged
 * instance goes on for short texts: it has lost stack, but nothing in its memory is wrong.
 */
function replace(): void {
  if (spare === undefined) isDamaged = true;
  else current = spare;
  spare = undefined;
  void refill();
}

/** Runs in the background, once at a time, until there is a whole instance and a spare one. */
async function refill(): Promise<void> {
  if (isRefilling) return;
  isRefilling = true;
  try {
    while (isDamaged || spare === undefined) {
      const instance = await createParserInstance();
      if (isDamaged) current = instance;
      else spare = instance;
      isDamaged = false;
    }
  } catch {
    // No memory for another instance now. We go on without a spare; the next one who needs it asks again.
  } finally {
    isRefilling = false;
  }
}
