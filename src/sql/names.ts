// Names and constants as SQL text, and names out of text.
import { SqlError } from "../pgwire/sql-error.ts";
import { codeAt, isSpace } from "./characters.ts";
import { quotedKeywords } from "./keywords.ts";

/** NAMEDATALEN - 1: PostgreSQL cuts longer names, in bytes. */
const NAME_BYTES_MAX = 63;
const safeName = /^[a-z_][a-z0-9_]*$/;

/** As quote_identifier() of ruleutils.c: quoted unless it is lower case, plain and no key word that must be quoted. */
export function quoteIdentifier(name: string): string {
  if (safeName.test(name) && !quotedKeywords.has(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** "schema.name", each part quoted where needed. */
export function quoteQualified(schema: string | undefined, name: string): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** As quote_literal(): E'' when there is a backslash, so that it means the same under every setting. */
export function quoteLiteral(value: string): string {
  const quoted = value.replaceAll("'", "''");
  return quoted.includes("\\") ? `E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** What an unquoted name means: ASCII letters in lower case, cut to 63 bytes (downcase_truncate_identifier). */
export function foldIdentifier(name: string): string {
  return truncateName(/[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name);
}

/**
 * Parts of a name as regclass input reads it (SplitIdentifierString of varlena.c): `s.t`, `"S".t`, blanks around parts;
 * without quotes anything but blanks and dots is taken. SqlError 42602 otherwise.
 */
export function parseQualifiedName(text: string): readonly string[] {
  const parts: string[] = [];
  let position = skipBlanks(text, 0);
  for (;;) {
    const start = position;
    if (text.charAt(position) === '"') {
      position = endOfQuotedPart(text, position + 1);
      if (position < 0) throw invalidName();
      parts.push(truncateName(text.slice(start + 1, position - 1).replaceAll('""', '"')));
    } else {
      while (position < text.length && text.charAt(position) !== "." && !isSpace(codeAt(text, position))) position++;
      if (position === start) throw invalidName();
      parts.push(foldIdentifier(text.slice(start, position)));
    }
    position = skipBlanks(text, position);
    if (position === text.length) return parts;
    if (text.charAt(position) !== ".") throw invalidName();
    position = skipBlanks(text, position + 1);
  }
}

function endOfQuotedPart(text: string, at: number): number {
  let position = at;
  for (;;) {
    const close = text.indexOf('"', position);
    if (close < 0) return -1;
    if (text.charAt(close + 1) !== '"') return close + 1;
    position = close + 2;
  }
}

function skipBlanks(text: string, at: number): number {
  let position = at;
  while (isSpace(codeAt(text, position))) position++;
  return position;
}

function truncateName(name: string): string {
  if (name.length * 3 <= NAME_BYTES_MAX || Buffer.byteLength(name) <= NAME_BYTES_MAX) return name;
  let kept = "";
  let bytes = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > NAME_BYTES_MAX) break;
    kept += character;
  }
  return kept;
}

function invalidName(): SqlError {
  return new SqlError({ code: "42602", message: "invalid name syntax" });
}
