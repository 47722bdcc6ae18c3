// numeric: hash_numeric_extended hashes the digits in base 10,000 without zeros at either end, and mixes in the weight of the
// first one. The sign and the number of digits shown do not matter: 1.5, 1.50 and -1.5 hash alike.
import { skipBlanks, trimBlanks } from "./blanks.ts";
import { type Hash64, hashBytes } from "./hash64.ts";

/** Room for every text that PostgreSQL writes: at most 131,072 digits before the point and 16,383 behind it. */
const textLengthMax = 150_000;
/** With greater ones PostgreSQL's limits are near; it never writes an exponent. */
const exponentMax = 1000;

/** Decimal digits of one value, then (two bytes each, little-endian) its digits in base 10,000. */
const decimals = new Uint8Array(textLengthMax);
const digits = Buffer.alloc(2 * 65_535);

const special = /^(?:nan|[+-]?inf(?:inity)?)$/i;

/** Digits with an optional sign, point and exponent, NaN and infinities, blanks around. Not 0x10 and 1_000. */
export function hashNumericText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  let at = skipBlanks(bytes, start, end);
  end = trimBlanks(bytes, at, end);
  if (at === end || end - at > textLengthMax) return false;
  const first = at;
  if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;

  // The value is 0.d1d2d3... times ten to the power of `point`; d1, d2, ... are `decimals`, without zeros in front.
  let count = 0;
  let point = 0;
  let seenPoint = false;
  let seenDigit = false;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      seenDigit = true;
      if (digit !== 0 || count > 0) {
        decimals[count++] = digit;
        if (!seenPoint) point++;
      } else if (seenPoint) {
        point--;
      }
    } else if (bytes[at] === 0x2e && !seenPoint) {
      seenPoint = true;
    } else {
      break;
    }
  }
  if (!seenDigit) {
    if (!special.test(bytes.toString("latin1", first, end))) return false;
    out.hi = 0;
    out.lo = 0;
    return true;
  }
  if (at < end) {
    const exponent = parseExponent(bytes, at, end);
    if (exponent === undefined) return false;
    point += exponent;
  }
  while (count > 0 && decimals[count - 1] === 0) count--;
  if (count === 0) hashZero(out);
  else hashDecimals(count, point, out);
  return true;
}

/** As numeric_recv reads it: count, weight, sign and scale, then digits in base 10,000, two bytes each. */
export function hashNumericBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  if (end - start < 8) return false;
  let count = bytes.readUInt16BE(start);
  let weight = bytes.readInt16BE(start + 2);
  const sign = bytes.readUInt16BE(start + 4);
  const scale = bytes.readUInt16BE(start + 6);
  if (end - start !== 8 + 2 * count) return false;
  if (sign === 0xc000 || sign === 0xd000 || sign === 0xf000) {
    out.hi = 0;
    out.lo = 0;
    return true;
  }
  if (sign !== 0 && sign !== 0x4000) return false;
  let at = start + 8;
  while (count > 0 && bytes.readUInt16BE(at) === 0) {
    at += 2;
    count--;
    weight--;
  }
  while (count > 0 && bytes.readUInt16BE(at + 2 * (count - 1)) === 0) count--;
  if (count === 0) {
    hashZero(out);
    return true;
  }
  if (fractionLength(bytes.readUInt16BE(at + 2 * (count - 1)), weight - count + 1) > scale) return false;
  for (let i = 0; i < count; i++, at += 2) {
    const digit = bytes.readUInt16BE(at);
    if (digit > 9999) return false;
    digits.writeUInt16LE(digit, 2 * i);
  }
  hashDigits(count, weight, out);
  return true;
}

/** From "e" to the end. */
function parseExponent(bytes: Buffer, start: number, end: number): number | undefined {
  const parts = /^e([+-]?\d{1,9})$/i.exec(bytes.toString("latin1", start, end));
  const exponent = Number(parts?.[1]);
  return Math.abs(exponent) <= exponentMax ? exponent : undefined;
}

/** Groups decimals by four, counted from the decimal point. */
function hashDecimals(count: number, point: number, out: Hash64): void {
  const weight = Math.floor((point - 1) / 4);
  let length = 0;
  for (let at = point - 4 * (weight + 1); at < count; at += 4) {
    let digit = 0;
    for (let i = at; i < at + 4; i++) digit = digit * 10 + (i >= 0 && i < count ? decimals[i]! : 0);
    digits.writeUInt16LE(digit, 2 * length++);
  }
  hashDigits(length, weight, out);
}

/** Of the first `count` of `digits`, with no zero at either end. */
function hashDigits(count: number, weight: number, out: Hash64): void {
  hashBytes(digits, 0, 2 * count, out);
  out.hi ^= weight >> 31;
  out.lo ^= weight;
}

function hashZero(out: Hash64): void {
  out.hi = -1;
  out.lo = -1;
}

/** How many decimals after the point the last digit needs; PostgreSQL cuts those beyond the scale that was sent. */
function fractionLength(lastDigit: number, lastWeight: number): number {
  if (lastWeight >= 0) return 0;
  let length = -4 * lastWeight;
  for (let rest = lastDigit; rest % 10 === 0; rest /= 10) length--;
  return length;
}
