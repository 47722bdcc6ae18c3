// Backslash escapes of COPY's text format. Source: CopyReadAttributesText in copyfromparse.c.
import { hexDigits } from "../sharding/hex-digits.ts";

export const backslash = 0x5c;

const letters = new Map([..."bfnrtv"].map((letter, i) => [letter.charCodeAt(0), "\b\f\n\r\t\v".charCodeAt(i)]));
const x = 0x78;

const isOctal = (byte: number) => byte >= 0x30 && byte <= 0x37;

/** Behind the escape that begins at `at`; there is at least one byte behind the backslash. */
export function afterTextEscape(bytes: Buffer, at: number, end: number): number {
  const byte = bytes[at + 1]!;
  let next = at + 2;
  if (isOctal(byte)) {
    while (next < end && next < at + 4 && isOctal(bytes[next]!)) next++;
  } else if (byte === x) {
    while (next < end && next < at + 4 && hexDigits[bytes[next]!]! >= 0) next++;
  }
  return next;
}

/** The value of a field that has escapes. */
export function unescapeText(bytes: Buffer, start: number, end: number): Buffer {
  const value = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte !== backslash || at + 1 >= end) {
      value[length++] = byte;
      at++;
      continue;
    }
    const next = afterTextEscape(bytes, at, end);
    value[length++] = escapedByte(bytes, at, next);
    at = next;
  }
  return value.subarray(0, length);
}

function escapedByte(bytes: Buffer, at: number, next: number): number {
  const byte = bytes[at + 1]!;
  if (isOctal(byte)) return Number.parseInt(bytes.toString("latin1", at + 1, next), 8) & 0xff;
  if (byte === x && next > at + 2) return Number.parseInt(bytes.toString("latin1", at + 2, next), 16);
  return letters.get(byte) ?? byte;
}
