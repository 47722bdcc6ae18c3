// PostgreSQL's order of values in binary wire format, for merging sorted rows. Only types whose order follows from their
// bytes; text only where its collation sorts by bytes (the planner sees to that).
import { oid } from "../pgwire/oid.ts";

/** Negative, zero or positive; compares `a[aStart, aEnd)` with `b[bStart, bEnd)`. */
export type CompareValues = (
  a: Buffer,
  aStart: number,
  aEnd: number,
  b: Buffer,
  bStart: number,
  bEnd: number,
) => number;

const bytes: CompareValues = (a, aStart, aEnd, b, bStart, bEnd) => a.compare(b, bStart, bEnd, aStart, aEnd);

const int2: CompareValues = (a, aStart, _aEnd, b, bStart) => a.readInt16BE(aStart) - b.readInt16BE(bStart);
const int4: CompareValues = (a, aStart, _aEnd, b, bStart) => a.readInt32BE(aStart) - b.readInt32BE(bStart);
const unsigned4: CompareValues = (a, aStart, _aEnd, b, bStart) => a.readUInt32BE(aStart) - b.readUInt32BE(bStart);

/** Also money, and times in microseconds; infinities are the smallest and the largest integer. */
const int8: CompareValues = (a, aStart, _aEnd, b, bStart) =>
  a.readInt32BE(aStart) - b.readInt32BE(bStart) || a.readUInt32BE(aStart + 4) - b.readUInt32BE(bStart + 4);

/** NaN equals NaN and is larger than everything (float8_cmp_internal). */
function floats(x: number, y: number): number {
  if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
  if (Number.isNaN(y)) return -1;
  return x < y ? -1 : x > y ? 1 : 0;
}
const float4: CompareValues = (a, aStart, _aEnd, b, bStart) => floats(a.readFloatBE(aStart), b.readFloatBE(bStart));
const float8: CompareValues = (a, aStart, _aEnd, b, bStart) => floats(a.readDoubleBE(aStart), b.readDoubleBE(bStart));

/** bpchar compares without trailing blanks (bpcharcmp). */
const bpchar: CompareValues = (a, aStart, aEnd, b, bStart, bEnd) =>
  a.compare(b, bStart, withoutBlanks(b, bStart, bEnd), aStart, withoutBlanks(a, aStart, aEnd));

function withoutBlanks(text: Buffer, start: number, end: number): number {
  let last = end;
  while (last > start && text[last - 1] === 0x20) last--;
  return last;
}

const numericPositive = 0x0000;
const numericNegative = 0x4000;
const numericNaN = 0xc000;
const numericPositiveInfinity = 0xd000;
const numericNegativeInfinity = 0xf000;

/** numeric_send: count of base-10000 digits, weight of the first, sign, display scale, digits. */
const numeric: CompareValues = (a, aStart, _aEnd, b, bStart) => {
  const rankA = numericRank(a, aStart);
  const rankB = numericRank(b, bStart);
  if (rankA !== rankB) return rankA - rankB;
  if (Math.abs(rankA) !== 1) return 0;
  const magnitude = numericMagnitude(a, aStart, b, bStart);
  return rankA < 0 ? -magnitude : magnitude;
};

/** -Infinity, negative, zero, positive, Infinity, NaN: in this order. */
function numericRank(value: Buffer, start: number): number {
  switch (value.readUInt16BE(start + 4)) {
    case numericNegativeInfinity:
      return -2;
    case numericPositiveInfinity:
      return 2;
    case numericNaN:
      return 3;
    case numericNegative:
      return value.readUInt16BE(start) === 0 ? 0 : -1;
    case numericPositive:
      return value.readUInt16BE(start) === 0 ? 0 : 1;
    default:
      return 3;
  }
}

function numericMagnitude(a: Buffer, aStart: number, b: Buffer, bStart: number): number {
  const weight = a.readInt16BE(aStart + 2) - b.readInt16BE(bStart + 2);
  if (weight !== 0) return weight;
  const countA = a.readUInt16BE(aStart);
  const countB = b.readUInt16BE(bStart);
  for (let i = 0; i < Math.max(countA, countB); i++) {
    const digitA = i < countA ? a.readUInt16BE(aStart + 8 + 2 * i) : 0;
    const digitB = i < countB ? b.readUInt16BE(bStart + 8 + 2 * i) : 0;
    if (digitA !== digitB) return digitA - digitB;
  }
  return 0;
}

const comparators = new Map<number, CompareValues>([
  [oid.bool, bytes],
  [oid.bytea, bytes],
  [oid.char, bytes],
  [oid.name, bytes],
  [oid.text, bytes],
  [oid.varchar, bytes],
  [oid.bpchar, bpchar],
  [oid.uuid, bytes],
  [oid.int2, int2],
  [oid.int4, int4],
  [oid.int8, int8],
  [oid.oid, unsigned4],
  [oid.money, int8],
  [oid.float4, float4],
  [oid.float8, float8],
  [oid.numeric, numeric],
  [oid.date, int4],
  [oid.time, int8],
  [oid.timestamp, int8],
  [oid.timestamptz, int8],
]);

/** undefined: only PostgreSQL can compare values of this type. */
export function comparatorOf(typeOid: number): CompareValues | undefined {
  return comparators.get(typeOid);
}
