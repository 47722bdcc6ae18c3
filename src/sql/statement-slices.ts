// The rows of INSERT .. VALUES as pieces of the client's own text, so that each can go to its shard as it was written.
import { lex, type Tokens } from "./lexer.ts";
import { TokenKind } from "./token-kind.ts";

/** UTF-16 offsets. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** One row of VALUES. */
export interface RowSlice extends Extent {
  /** From the first to the last token of each expression. */
  readonly fields: readonly Extent[];
}

/** The text is head, then rows with commas (and comments) between them, then tail. */
export interface ValuesSlices {
  readonly head: string;
  /** Each from its opening to its closing parenthesis. */
  readonly rows: readonly RowSlice[];
  readonly tail: string;
}

const OPEN = 40;
const CLOSE = 41;
const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/**
 * Offset of the VALUES that gives the rows of this INSERT; undefined if there is none. Only for statements whose tree says
 * that their rows are a list of VALUES. `values` may also be the name of the table or of its alias; the last one outside
 * of all parentheses with one behind it is the key word, for nothing that may follow looks like it.
 */
export function findInsertValues(text: string): number | undefined {
  const tokens = lex(text);
  if (tokens === undefined) return undefined;
  let depth = 0;
  let found: number | undefined;
  for (let index = 0; index < tokens.count; index++) {
    depth += depthChange(text, tokens, index);
    if (depth === 0 && isWord(text, tokens, index, "values") && symbolAt(text, tokens, index + 1) === OPEN) {
      found = tokens.starts[index];
    }
  }
  return found;
}

/** `valuesStart` is the offset of VALUES. undefined if there are no rows behind it. */
export function sliceValues(text: string, valuesStart: number): ValuesSlices | undefined {
  const tokens = lex(text);
  if (tokens === undefined) return undefined;
  let index = indexOfToken(tokens, valuesStart) + 1;
  const rows: RowSlice[] = [];
  for (;;) {
    if (symbolAt(text, tokens, index) !== OPEN) return undefined;
    const start = tokens.starts[index]!;
    const fields: Extent[] = [];
    let fieldFrom = index + 1;
    let depth = 1;
    while (depth > 0) {
      index++;
      if (index >= tokens.count) return undefined;
      depth += depthChange(text, tokens, index);
      if (depth !== 0 && (depth !== 1 || symbolAt(text, tokens, index) !== COMMA)) continue;
      if (index === fieldFrom) return undefined;
      fields.push({ start: tokens.starts[fieldFrom]!, end: tokens.ends[index - 1]! });
      fieldFrom = index + 1;
    }
    rows.push({ start, end: tokens.ends[index]!, fields });
    index++;
    if (symbolAt(text, tokens, index) !== COMMA) break;
    index++;
  }
  return { head: text.slice(0, rows[0]!.start), rows, tail: text.slice(rows.at(-1)!.end) };
}

function indexOfToken(tokens: Tokens, start: number): number {
  let low = 0;
  let high = tokens.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tokens.starts[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

function depthChange(text: string, tokens: Tokens, index: number): number {
  switch (symbolAt(text, tokens, index)) {
    case OPEN:
    case OPEN_BRACKET:
      return 1;
    case CLOSE:
    case CLOSE_BRACKET:
      return -1;
    default:
      return 0;
  }
}

/** First character of a symbol; 0 for any other token, and behind the last. */
function symbolAt(text: string, tokens: Tokens, index: number): number {
  if (index >= tokens.count || tokens.kinds[index] !== TokenKind.symbol) return 0;
  return text.charCodeAt(tokens.starts[index]!);
}

function isWord(text: string, tokens: Tokens, index: number, word: string): boolean {
  if (tokens.kinds[index] !== TokenKind.word) return false;
  const start = tokens.starts[index]!;
  const end = tokens.ends[index]!;
  return end - start === word.length && text.slice(start, end).toLowerCase() === word;
}
