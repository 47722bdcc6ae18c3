// Where operators end: the longest run of operator characters, cut before a comment, and not ending in + or - unless it
// has a character that no SQL operator has (so that `a=-1` is `a = -1`). Manual: "Operators" (sql-syntax-operators).
import { codeAt, isOperatorCharacter } from "./characters.ts";

const MINUS = 45;
const PLUS = 43;
const SLASH = 47;
const STAR = 42;
/** NAMEDATALEN - 1. */
const LONGEST_OPERATOR = 63;
const mayEndInSign = new Set(Array.from("~!@#^&|`?%", (character) => character.charCodeAt(0)));

/** `at` is at an operator character that does not begin a comment. -1 for an operator longer than PostgreSQL allows. */
export function endOfOperator(text: string, at: number): number {
  let end = at + 1;
  let signAllowed = mayEndInSign.has(codeAt(text, at));
  for (let code = codeAt(text, end); isOperatorCharacter(code); code = codeAt(text, ++end)) {
    const next = codeAt(text, end + 1);
    if ((code === SLASH && next === STAR) || (code === MINUS && next === MINUS)) break;
    if (mayEndInSign.has(code)) signAllowed = true;
  }
  if (!signAllowed) while (end > at + 1 && isSign(codeAt(text, end - 1))) end--;
  return end - at > LONGEST_OPERATOR ? -1 : end;
}

function isSign(code: number): boolean {
  return code === PLUS || code === MINUS;
}
