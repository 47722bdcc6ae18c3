// bytea: any bytes. As text either hexadecimal (\x0a1b) or "escape" (backslashes). Manual: "Binary Data Types".
import { type Hash64, hashBytes } from "./hash64.ts";
import { hexDigits } from "./hex-digits.ts";

let scratch = Buffer.alloc(1024);

export function hashByteaText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  // The decoded value is never longer than its text.
  if (scratch.length < end - start) scratch = Buffer.alloc(end - start);
  const isHex = bytes[start] === 0x5c && start + 1 < end && bytes[start + 1] === 0x78;
  const length = isHex ? decodeHex(bytes, start + 2, end) : decodeEscape(bytes, start, end);
  if (length < 0) return false;
  hashBytes(scratch, 0, length, out);
  if (scratch.length > 65536) scratch = Buffer.alloc(1024);
  return true;
}

export function hashByteaBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  hashBytes(bytes, start, end, out);
  return true;
}

/** Returns the length in `scratch`, -1 if the text is not valid. White space may stand between bytes. */
function decodeHex(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x0d) {
      at++;
      continue;
    }
    if (at + 1 === end) return -1;
    const value = (hexDigits[byte]! << 4) | hexDigits[bytes[at + 1]!]!;
    if (value < 0) return -1;
    scratch[length++] = value;
    at += 2;
  }
  return length;
}

/** As `decodeHex`, for `\\` and `\ooo` (octal, up to 377); other bytes stand for themselves. */
function decodeEscape(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte !== 0x5c) {
      scratch[length++] = byte;
      at++;
    } else if (at + 1 < end && bytes[at + 1] === 0x5c) {
      scratch[length++] = 0x5c;
      at += 2;
    } else {
      if (at + 3 >= end) return -1;
      const high = bytes[at + 1]! - 0x30;
      const middle = bytes[at + 2]! - 0x30;
      const low = bytes[at + 3]! - 0x30;
      if (high < 0 || high > 3 || middle < 0 || middle > 7 || low < 0 || low > 7) return -1;
      scratch[length++] = high * 64 + middle * 8 + low;
      at += 4;
    }
  }
  return length;
}
