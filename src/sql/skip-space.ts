// White space and comments between tokens, as scan.l has them: -- to the end of the line, and /* */ that nest.
import { codeAt, isSpace } from "./characters.ts";

const MINUS = 45;
const SLASH = 47;
const STAR = 42;
const NEWLINE = 10;
const RETURN = 13;

/** Offset of the first character from `at` that is neither white space nor comment; -1 if a comment does not end. */
export function skipSpace(text: string, at: number): number {
  let position = at;
  for (;;) {
    const code = codeAt(text, position);
    if (isSpace(code)) {
      position++;
    } else if (code === MINUS && codeAt(text, position + 1) === MINUS) {
      position = endOfLine(text, position + 2);
    } else if (code === SLASH && codeAt(text, position + 1) === STAR) {
      position = endOfComment(text, position + 2);
      if (position < 0) return -1;
    } else {
      return position;
    }
  }
}

/** Offset of the line's end (the newline itself is not skipped), or of the text's. */
export function endOfLine(text: string, at: number): number {
  let position = at;
  while (position < text.length) {
    const code = codeAt(text, position);
    if (code === NEWLINE || code === RETURN) break;
    position++;
  }
  return position;
}

/** `at` is behind the opening; -1 if it is never closed. */
function endOfComment(text: string, at: number): number {
  let depth = 1;
  for (let position = at; position < text.length; position++) {
    const code = codeAt(text, position);
    if (code === STAR && codeAt(text, position + 1) === SLASH) {
      position++;
      if (--depth === 0) return position + 1;
    } else if (code === SLASH && codeAt(text, position + 1) === STAR) {
      position++;
      depth++;
    }
  }
  return -1;
}
