// SQL text to trees, by PostgreSQL's own grammar (libpg-query). Synchronous, once `loadParser` has been awaited.
import type { Node } from "@pgsql/types";
import { SqlError } from "../pgwire/sql-error.ts";
import { blankComments } from "./blank-comments.ts";
import { byteOffsets } from "./byte-offsets.ts";
import { refuseParameterJunk } from "./parameter-junk.ts";
import { parserError } from "./parser-error.ts";
import { createParserInstance, type ParserAnswer, type ParserInstance } from "./parser-instance.ts";
import { skipSpace } from "./skip-space.ts";
import { stackDepthExceeded } from "./stack-depth.ts";

export interface ParsedStatement {
  /** Its `location`s are byte offsets in `text`; a missing one means 0, -1 unknown. Never change it: trees are shared. */
  readonly tree: Node;
  /** The statement without what is around it: white space, comments in front, `;`. */
  readonly text: string;
  /** UTF-16 offsets of `text` in the whole. */
  readonly start: number;
  readonly end: number;
}

interface RawParse {
  readonly stmts?: readonly { readonly stmt: Node; readonly stmt_location?: number; readonly stmt_len?: number }[];
}

/** An instance with more memory than this is replaced after use: its memory never shrinks. */
const KEPT_MEMORY_BYTES = 256 * 1024 * 1024;
/** No shorter text can nest so deep that the stack overflows. */
const SURELY_SHALLOW_LENGTH = 2000;

let current: ParserInstance | undefined;
let spare: ParserInstance | undefined;
let isDamaged = false;
let isRefilling = false;

/** To be awaited once when the process starts. */
export async function loadParser(): Promise<void> {
  current ??= await createParserInstance();
  spare ??= await createParserInstance();
}

/**
 * The statements of a text, empty ones dropped. Throws SqlError with PostgreSQL's message and a position in `text`
 * (42601, and what else the grammar raises), 54001 for what is nested too deep, 53200 for what is too long (hundreds of megabytes).
 */
export function parse(text: string): ParsedStatement[] {
  if (text.includes("\0")) {
    throw new SqlError({ code: "22021", message: 'invalid byte sequence for encoding "UTF8": 0x00' });
  }
  const start = startOfStatement(text);
  const whole = start === 0 ? text : text.slice(start);
  if (whole === "") return [];
  const statements = parseRaw(whole, text, start).stmts ?? [];
  if (statements.length === 0) return [];

  const offsets = byteOffsets(whole);
  const wholeBytes = offsets.toByte(whole.length);
  return statements.map(({ stmt, stmt_location = 0, stmt_len = 0 }) => {
    const from = skipSpace(whole, offsets.toUtf16(stmt_location));
    const to = offsets.toUtf16(stmt_len === 0 ? wholeBytes : stmt_location + stmt_len);
    const slice = whole.slice(from, to).trimEnd();
    // Locations of the other statements count from the beginning of the whole: parse them again, alone.
    const tree = from === 0 ? stmt : parseRaw(slice, text, start + from).stmts![0]!.stmt;
    return { tree, text: slice, start: start + from, end: start + from + slice.length };
  });
}

/** Tokens of libpg-query's own scanner, as JSON: what the tests compare our lexer with. */
export function scanWithPostgres(text: string): string {
  return loaded().scan(text);
}

/** Position (characters from 1) in the whole text of a position in a slice of it that begins at `start` (UTF-16). */
export function positionInWhole(whole: string, start: number, position: number): number {
  return position + codePoints(whole, start);
}

/** Characters of text[0..end). */
function codePoints(text: string, end: number): number {
  let count = 0;
  for (let index = 0; index < end; index++) if ((text.charCodeAt(index) & 0xfc00) !== 0xdc00) count++;
  return count;
}

function startOfStatement(text: string): number {
  let position = 0;
  for (;;) {
    const next = skipSpace(text, position);
    if (next < 0) return position;
    if (text.charCodeAt(next) !== 59) return next;
    position = next + 1;
  }
}

/** A slice that begins at `start` of the whole text. */
function parseRaw(slice: string, whole: string, start: number): RawParse {
  const blanked = blankComments(slice);
  const answer = ask(blanked);
  if (answer.kind === "error") {
    const position = answer.cursor > 0 ? characterIn(slice, blanked, answer.cursor) : undefined;
    const inWhole = position === undefined ? undefined : positionInWhole(whole, start, position);
    throw parserError(answer.message, answer.routine, inWhole);
  }
  refuseParameterJunk(whole);
  return JSON.parse(answer.json);
}

/** The character (from 1) of `text` at the place of a character of `blanked`: both have the same bytes but for comments. */
function characterIn(text: string, blanked: string, character: number): number {
  if (blanked === text) return character;
  const bytes = Buffer.byteLength(
    Array.from(blanked)
      .slice(0, character - 1)
      .join(""),
  );
  return codePoints(text, byteOffsets(text).toUtf16(bytes)) + 1;
}

function ask(text: string): ParserAnswer {
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

function loaded(): ParserInstance {
  if (current === undefined) throw new Error("loadParser() has not been awaited");
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
