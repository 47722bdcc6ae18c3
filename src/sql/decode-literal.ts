// The value of a literal: quotes, continuations and escapes resolved, digits in base ten.
import { continuation } from "./lex-string.ts";
import { TokenKind } from "./token-kind.ts";

/** Value of the string token text[start..end); undefined for escapes that PostgreSQL must judge. */
export function decodeString(text: string, start: number, end: number, kind: TokenKind): string | undefined {
  switch (kind) {
    case TokenKind.string:
      return decodeQuoted(text, start + 1, end);
    case TokenKind.dollarString: {
      const delimiter = text.indexOf("$", start + 1) + 1 - start;
      return text.slice(start + delimiter, end - delimiter);
    }
    case TokenKind.escapeString: {
      const raw = joinSegments(text, start + 2, end, true);
      return raw.includes("\\") ? resolveEscapes(raw) : raw;
    }
    default:
      return undefined;
  }
}

/** Digits of B'..' and X'..', in front of them `b` or `x`, as the grammar has them. */
export function decodeBits(text: string, start: number, end: number, kind: TokenKind): string {
  const close = text.indexOf("'", start + 2);
  const digits = close === end - 1 ? text.slice(start + 2, close) : joinPlainSegments(text, start + 2, end);
  return (kind === TokenKind.bitString ? "b" : "x") + digits;
}

/** Digits in base ten of an integer of any size: without underscores and leading zeros, hexadecimal and the like converted. */
export function decodeInteger(text: string, start: number, end: number): string {
  if (end - start > 1 && text.charCodeAt(start) === 48) {
    const digits = text.slice(start, end).replaceAll("_", "");
    return BigInt(digits).toString();
  }
  const digits = text.slice(start, end);
  return digits.includes("_") ? digits.replaceAll("_", "") : digits;
}

/** As written, without underscores. */
export function decodeNumeric(text: string, start: number, end: number): string {
  const digits = text.slice(start, end);
  return digits.includes("_") ? digits.replaceAll("_", "") : digits;
}

function decodeQuoted(text: string, at: number, end: number): string {
  const close = text.indexOf("'", at);
  return close === end - 1 ? text.slice(at, close) : joinSegments(text, at, end, false);
}

/** Contents of all segments of a string, doubled quotes made single; backslashes are left alone. */
function joinSegments(text: string, at: number, end: number, hasEscapes: boolean): string {
  let value = "";
  let from = at;
  let position = at;
  while (position < end) {
    const code = text.charCodeAt(position);
    if (code === 92 && hasEscapes) {
      position += 2;
    } else if (code !== 39) {
      position++;
    } else if (position + 1 < end && text.charCodeAt(position + 1) === 39) {
      value += text.slice(from, position + 1);
      position += 2;
      from = position;
    } else {
      value += text.slice(from, position);
      position = position + 1 < end ? continuation(text, position + 1) : end;
      from = position;
    }
  }
  return value;
}

/** In bit strings a doubled quote is the end. */
function joinPlainSegments(text: string, at: number, end: number): string {
  let value = "";
  let position = at;
  for (;;) {
    const close = text.indexOf("'", position);
    value += text.slice(position, close);
    if (close + 1 >= end) return value;
    position = continuation(text, close + 1);
  }
}

const escapePattern = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))/gs;

/**
 * Manual: "String Constants with C-Style Escapes". undefined for wrong Unicode escapes, and for bytes that are not ASCII:
 * whether they make up valid UTF-8 is left to PostgreSQL.
 */
function resolveEscapes(raw: string): string | undefined {
  let isPlain = true;
  const value = raw.replace(escapePattern, (_all, short, long, hex, octal, other) => {
    if (other !== undefined) {
      if (other === "u" || other === "U") isPlain = false;
      return simpleEscape(other);
    }
    if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? long, 16);
      if (code === 0 || code > 0x10ffff) isPlain = false;
      return isPlain ? String.fromCodePoint(code) : "";
    }
    const byte = hex === undefined ? Number.parseInt(octal, 8) & 0xff : Number.parseInt(hex, 16);
    if (byte === 0 || byte > 127) isPlain = false;
    return String.fromCharCode(byte);
  });
  return isPlain && value.isWellFormed() ? value : undefined;
}

function simpleEscape(character: string): string {
  switch (character) {
    case "b":
      return "\b";
    case "f":
      return "\f";
    case "n":
      return "\n";
    case "r":
      return "\r";
    case "t":
      return "\t";
    case "v":
      return "\v";
    default:
      return character;
  }
}
