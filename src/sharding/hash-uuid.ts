// uuid: 16 bytes, or 32 hexadecimal digits as string_to_uuid in PostgreSQL's uuid.c reads them.
import { type Hash64, hashBytes } from "./hash64.ts";
import { hexDigits } from "./hex-digits.ts";

const decoded = Buffer.alloc(16);

/** Either case, optionally in braces, a hyphen allowed after every group of four digits. */
export function hashUuidText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  let at = start;
  if (bytes[at] === 0x7b) {
    at++;
    if (bytes[--end] !== 0x7d) return false;
  }
  for (let i = 0; i < 16; i++) {
    if (end - at < 2) return false;
    const value = (hexDigits[bytes[at]!]! << 4) | hexDigits[bytes[at + 1]!]!;
    if (value < 0) return false;
    decoded[i] = value;
    at += 2;
    if (i % 2 === 1 && i < 15 && at < end && bytes[at] === 0x2d) at++;
  }
  if (at !== end) return false;
  hashBytes(decoded, 0, 16, out);
  return true;
}

export function hashUuidBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  if (end - start !== 16) return false;
  hashBytes(bytes, start, end, out);
  return true;
}
