// date: days since 2000-01-01 as a 32-bit integer. timestamp and timestamptz: microseconds since 2000-01-01 (UTC) as a
// 64-bit integer. They hash like such integers; the least and the greatest integer stand for the infinities.
import { type Hash64, hashInt32, hashInt64 } from "./hash64.ts";
import { parseDateTime } from "./parse-date-time.ts";

/** From 4713-11-24 BC on (julian day 0) and before 5874898-01-01; DATETIME_MIN_JULIAN and DATE_END_JULIAN. */
const daysMin = -2451545;
const daysEnd = 2145031949;
/** MIN_TIMESTAMP and END_TIMESTAMP, in seconds. */
const secondsMin = -211813488000;
const secondsEnd = 9223371331200;

/** A time or offset behind the date does not count, as in date_in. */
export function hashDateText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  const value = parseDateTime(bytes, start, end);
  if (!value) return false;
  if (value.kind === "infinity") hashInt32(value.negative ? -0x8000_0000 : 0x7fff_ffff, out);
  else if (value.days < daysMin || value.days >= daysEnd) return false;
  else hashInt32(value.days, out);
  return true;
}

export function hashDateBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  if (end - start !== 4) return false;
  hashInt32(bytes.readInt32BE(start), out);
  return true;
}

/** Without time zone: an offset does not count, as in timestamp_in. */
export function hashTimestampText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  return hashMoment(bytes, start, end, false, out);
}

/** false also without an offset, since then the session's TimeZone decides. */
export function hashTimestamptzText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  return hashMoment(bytes, start, end, true, out);
}

/** Of both kinds of timestamp. */
export function hashTimestampBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  if (end - start !== 8) return false;
  hashInt64(bytes.readInt32BE(start), bytes.readInt32BE(start + 4), out);
  return true;
}

function hashMoment(bytes: Buffer, start: number, end: number, zoned: boolean, out: Hash64): boolean {
  const value = parseDateTime(bytes, start, end);
  if (!value) return false;
  if (value.kind === "infinity") {
    if (value.negative) hashInt64(-0x8000_0000, 0, out);
    else hashInt64(0x7fff_ffff, -1, out);
    return true;
  }
  if (zoned && value.offsetSeconds === undefined) return false;
  const seconds = value.days * 86400 + value.secondOfDay - (zoned ? value.offsetSeconds! : 0);
  if (seconds < secondsMin || seconds >= secondsEnd) return false;
  // Microseconds need 64 bits: the low 32 bits of the seconds times a million stay below 2^53.
  const high = Math.floor(seconds / 0x1_0000_0000);
  const low = (seconds - high * 0x1_0000_0000) * 1_000_000 + value.microsecond;
  hashInt64((high * 1_000_000 + Math.floor(low / 0x1_0000_0000)) | 0, (low % 0x1_0000_0000) | 0, out);
  return true;
}
