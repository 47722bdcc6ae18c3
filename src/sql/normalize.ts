// A statement's shape and its literals. The shape (`key`) is the text with every string and number replaced by a mark of
// its kind, so that one plan serves all texts that differ in values only. Two texts with the same key and the same
// literal values mean the same. No mark can be mistaken for SQL: outside of quotes and identifiers PostgreSQL knows no
// `$` with a letter behind it that is not a dollar quote, and those are literals.
import { isIdentifierPart } from "./characters.ts";
import { lex } from "./lexer.ts";
import { type Literal, literalOf, markOf } from "./literal.ts";
import { TokenKind } from "./token-kind.ts";

/** What the caches of plans know a text by. */
export interface Normalized {
  readonly text: string;
  readonly key: string;
  /** In order of their place in the text; the index is the slot that plans name. */
  readonly literals: readonly Literal[];
  /** A `;` with more tokens behind it: several statements, or one with a BEGIN ATOMIC body or a rule's list. */
  readonly isMulti: boolean;
  /** No token but `;`. */
  readonly isEmpty: boolean;
  /** The highest n of all $n; 0 without parameters. */
  readonly parameterMax: number;
}

const SEMICOLON = 59;

/**
 * undefined when the text cannot be lexed, when an escape is wrong, or when it has U&'' or U&"" (whose meaning may
 * depend on a following UESCAPE): then the parser decides, and the plan is cached by the full text.
 */
export function normalize(text: string): Normalized | undefined {
  const tokens = lex(text);
  if (tokens === undefined) return undefined;
  const { count, kinds, starts, ends } = tokens;
  const literals: Literal[] = [];
  let key = "";
  let parameterMax = 0;
  let isMulti = false;
  let isEmpty = true;
  let sawSemicolon = false;
  // text[runStart..runEnd) belongs to the key as it is, but has not been added yet.
  let runStart = 0;
  let runEnd = 0;

  for (let index = 0; index < count; index++) {
    const kind = kinds[index]!;
    let start = starts[index]!;
    const end = ends[index]!;
    if (kind === TokenKind.symbol && text.charCodeAt(start) === SEMICOLON) {
      sawSemicolon = true;
    } else {
      if (sawSemicolon) isMulti = true;
      isEmpty = false;
    }

    if (start !== runEnd) {
      if (isOneSpace(text, runEnd, start) && runEnd !== 0) {
        runEnd = start;
      } else {
        key += runEnd === 0 ? "" : `${text.slice(runStart, runEnd)} `;
        runStart = start;
        runEnd = start;
      }
    }
    if (kind < TokenKind.string || kind > TokenKind.parameter) {
      if (kind === TokenKind.unicodeWord) return undefined;
      runEnd = end;
      continue;
    }
    if (kind === TokenKind.parameter) {
      parameterMax = Math.max(parameterMax, Number(text.slice(start + 1, end)));
      runEnd = end;
      continue;
    }

    const literal = literalOf(text, kind as TokenKind, start, end);
    if (literal === undefined) return undefined;
    literals.push(literal);
    start = runEnd;
    const mark = markOf(literal.kind);
    const needsSpace = start > runStart && isIdentifierPart(text.charCodeAt(start - 1));
    key += needsSpace ? `${text.slice(runStart, start)} ${mark}` : text.slice(runStart, start) + mark;
    runStart = end;
    runEnd = end;
  }
  key += text.slice(runStart, runEnd);
  if (sawSemicolon && !isMulti) key = withoutFinalSemicolons(key);
  return { text, key, literals, isMulti, isEmpty, parameterMax };
}

function isOneSpace(text: string, from: number, to: number): boolean {
  return to === from + 1 && text.charCodeAt(from) === 32;
}

function withoutFinalSemicolons(key: string): string {
  let end = key.length;
  while (end > 0 && (key.charCodeAt(end - 1) === SEMICOLON || key.charCodeAt(end - 1) === 32)) end--;
  return key.slice(0, end);
}
