// SQL text to trees, by PostgreSQL's own grammar (libpg-query). Synchronous, once `loadParser` has been awaited.
import type { Node } from "@pgsql/types";
import { SqlError } from "../pgwire/sql-error.ts";
import { blankComments } from "./blank-comments.ts";
import { byteOffsets } from "./byte-offsets.ts";
import { isSpace } from "./characters.ts";
import { refuseParameterJunk, refuseParameters } from "./parameter-places.ts";
import { askParser, startParser } from "./parser.ts";
import { parserError } from "./parser-error.ts";
import { skipSpace } from "./skip-space.ts";

/** One statement of a text. */
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

/** To be awaited once when the process starts. */
export async function loadParser(): Promise<void> {
  await startParser();
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
  refuseParameterJunk(text);
  if (statements.length === 0) return [];

  const offsets = byteOffsets(whole);
  const wholeBytes = offsets.toByte(whole.length);
  return statements.map(({ stmt, stmt_location = 0, stmt_len = 0 }) => {
    const from = skipSpace(whole, offsets.toUtf16(stmt_location));
    const to = offsets.toUtf16(stmt_len === 0 ? wholeBytes : stmt_location + stmt_len);
    const slice = whole.slice(from, endOfText(whole, from, to));
    // Locations of the other statements count from the beginning of the whole: parse them again, alone.
    const tree = from === 0 ? stmt : parseRaw(slice, text, start + from).stmts![0]!.stmt;
    return { tree, text: slice, start: start + from, end: start + from + slice.length };
  });
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

/** Without white space at the end. */
function endOfText(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isSpace(text.charCodeAt(end - 1))) end--;
  return end;
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
  const answer = askParser(blanked);
  if (answer.kind === "error") {
    const position = answer.cursor > 0 ? characterIn(slice, blanked, answer.cursor) : undefined;
    const inWhole = position === undefined ? undefined : positionInWhole(whole, start, position);
    throw parserError(answer.message, answer.routine, inWhole);
  }
  const parsed = JSON.parse(answer.json) as RawParse;
  for (const { stmt } of parsed.stmts ?? []) refuseParameters(whole, start, stmt);
  return parsed;
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
