// Cuts the body of a SQL or PL/pgSQL function into names, texts and signs: no grammar, only what is needed to see which
// names occur. Lexical rules: manual, "Lexical Structure".
import { assert } from "../base/assert.ts";

export type BodyToken =
  /** As PostgreSQL reads it: folded to lower case unless quoted. */
  | { readonly kind: "name"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "sign"; readonly text: string }
  /** A string, comment or quoted name without an end, or a name in U&"" form: the rest cannot be trusted. */
  | { readonly kind: "unreadable"; readonly text: string };

/** In the order in which they are tried. Nested comments are taken apart below. */
const pattern = new RegExp(
  [
    "(?<blank>\\s+|--[^\\n\\r]*)",
    "(?<comment>/\\*)",
    "(?<unicode>[uU]&[\"'])",
    "(?<escape>[eE]'(?:[^'\\\\]|''|\\\\[^])*')",
    "(?<string>'(?:[^']|'')*')",
    "(?<dollar>\\$(?:[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_\\u0080-\\uffff]*)?\\$)",
    '(?<quoted>"(?:[^"]|"")*")',
    "(?<name>[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_$\\u0080-\\uffff]*)",
    "(?<number>(?:\\$|\\.)?[0-9](?:[0-9A-Za-z_]|\\.(?!\\.))*)",
    "(?<broken>['\"])",
    "(?<sign>::|:=|\\.\\.|[^])",
  ].join("|"),
  "y",
);

export function bodyTokens(body: string): readonly BodyToken[] {
  const tokens: BodyToken[] = [];
  let position = 0;
  while (position < body.length) {
    pattern.lastIndex = position;
    const groups = pattern.exec(body)?.groups;
    assert(groups, "the last alternative matches any character");
    position = pattern.lastIndex;
    if (groups.comment !== undefined) {
      position = endOfComment(body, position);
    } else if (groups.dollar !== undefined) {
      const end = body.indexOf(groups.dollar, position);
      if (end < 0) position = body.length + 1;
      else {
        tokens.push({ kind: "string", text: body.slice(position, end) });
        position = end + groups.dollar.length;
      }
    } else if (groups.unicode !== undefined || groups.broken !== undefined) {
      position = body.length + 1;
    } else {
      const token = simpleToken(groups);
      if (token) tokens.push(token);
    }
  }
  if (position > body.length) tokens.push({ kind: "unreadable", text: "" });
  return tokens;
}

function simpleToken(groups: Readonly<Record<string, string | undefined>>): BodyToken | undefined {
  if (groups.name !== undefined) return { kind: "name", text: groups.name.replace(/[A-Z]/g, lower), quoted: false };
  if (groups.quoted !== undefined) {
    return { kind: "name", text: groups.quoted.slice(1, -1).replaceAll('""', '"'), quoted: true };
  }
  if (groups.string !== undefined) {
    return { kind: "string", text: groups.string.slice(1, -1).replaceAll("''", "'") };
  }
  if (groups.escape !== undefined) return { kind: "string", text: groups.escape.slice(2, -1) };
  if (groups.sign !== undefined) return { kind: "sign", text: groups.sign };
  return undefined;
}

function lower(letter: string): string {
  return letter.toLowerCase();
}

/** Comments nest. Beyond the end when there is none. */
function endOfComment(body: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  for (let depth = 1; depth > 0; ) {
    const found = edge.exec(body);
    if (!found) return body.length + 1;
    depth += found[0] === "/*" ? 1 : -1;
  }
  return edge.lastIndex;
}
