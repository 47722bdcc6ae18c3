// Integers of any width: int2, int4 and int8 hash alike, so the range accepted is int8's.
import { skipBlanks, trimBlanks } from "./blanks.ts";
import { type Hash64, hashInt32, hashInt64 } from "./hash64.ts";

/**
 * Decimal digits with an optional sign and blanks around. false: not certainly an integer (PostgreSQL 16 and later read
 * also 0x10 and 1_000, earlier ones do not).
 */
export function hashIntegerText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  let at = skipBlanks(bytes, start, end);
  end = trimBlanks(bytes, at, end);
  const negative = bytes[at] === 0x2d;
  if (at < end && (negative || bytes[at] === 0x2b)) at++;
  if (at === end) return false;
  while (end - at > 1 && bytes[at] === 0x30) at++;
  if (end - at > 9) return hashLongText(bytes, at, end, negative, out);
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  hashInt32(negative ? -value : value, out);
  return true;
}

/** Two's complement, 2, 4 or 8 bytes in network order. */
export function hashIntegerBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  switch (end - start) {
    case 2:
      hashInt32(((bytes[start]! << 24) >> 16) | bytes[start + 1]!, out);
      return true;
    case 4:
      hashInt32(int32(bytes, start), out);
      return true;
    case 8:
      hashInt64(int32(bytes, start), int32(bytes, start + 4), out);
      return true;
    default:
      return false;
  }
}

/** Ten digits and more: the value is kept as two halves. */
function hashLongText(bytes: Buffer, start: number, end: number, negative: boolean, out: Hash64): boolean {
  // 19 digits stay below 2^64.
  if (end - start > 19) return false;
  let hi = 0;
  let lo = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    const next = lo * 10 + digit;
    hi = hi * 10 + Math.floor(next / 0x1_0000_0000);
    lo = next >>> 0;
  }
  if (hi >= 0x8000_0000 && !(negative && hi === 0x8000_0000 && lo === 0)) return false;
  if (negative) hashInt64(lo === 0 ? -hi | 0 : ~hi, -lo | 0, out);
  else hashInt64(hi, lo | 0, out);
  return true;
}

function int32(bytes: Buffer, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
