// PostgreSQL's 64-bit ("extended") hash with seed 0, as two 32-bit halves: JavaScript has no fast 64-bit integer. The
// algorithm is Bob Jenkins' lookup3, as hash_bytes_extended in PostgreSQL's src/common/hashfn.c uses it on a
// little-endian machine. Results go into an object of the caller, so that hashing allocates nothing.

/** Both halves are signed 32-bit integers, which V8 keeps without boxing. */
export interface Hash64 {
  hi: number;
  lo: number;
}

const initial = 0x9e3779b9 + 3923095;

/** hash_bytes_extended: the hash of bytes `start` to `end` (exclusive). */
export function hashBytes(bytes: Buffer, start: number, end: number, out: Hash64): void {
  let a = (initial + end - start) | 0;
  let b = a;
  let c = a;
  let at = start;
  for (; end - at >= 12; at += 12) {
    a = (a + word(bytes, at)) | 0;
    b = (b + word(bytes, at + 4)) | 0;
    c = (c + word(bytes, at + 8)) | 0;
    // mix(a, b, c)
    a = ((a - c) ^ ((c << 4) | (c >>> 28))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 6) | (a >>> 26))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 8) | (b >>> 24))) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ ((c << 16) | (c >>> 16))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 19) | (a >>> 13))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 4) | (b >>> 28))) | 0;
    b = (b + a) | 0;
  }
  const left = end - at;
  if (left >= 8) {
    a = (a + word(bytes, at)) | 0;
    b = (b + word(bytes, at + 4)) | 0;
    // The lowest byte of c is reserved for the length.
    c = (c + (partialWord(bytes, at + 8, left - 8) << 8)) | 0;
  } else if (left >= 4) {
    a = (a + word(bytes, at)) | 0;
    b = (b + partialWord(bytes, at + 4, left - 4)) | 0;
  } else {
    a = (a + partialWord(bytes, at, left)) | 0;
  }
  finish(a, b, c, out);
}

/** hash_bytes_uint32_extended: of a signed or unsigned 32-bit integer. */
export function hashInt32(value: number, out: Hash64): void {
  const start = (initial + 4) | 0;
  finish((start + value) | 0, start, start, out);
}

/** hashint8extended: `hi` and `lo` are the halves of a signed 64-bit integer. Agrees with `hashInt32` where both fit. */
export function hashInt64(hi: number, lo: number, out: Hash64): void {
  hashInt32(lo ^ (hi >= 0 ? hi : ~hi), out);
}

/** final(a, b, c); b is the high half of the result, c the low half. */
function finish(a: number, b: number, c: number, out: Hash64): void {
  c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
  a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
  b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
  c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
  a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
  b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
  out.lo = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0;
  out.hi = b;
}

function word(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The next `count` (0 to 3) bytes. */
function partialWord(bytes: Buffer, at: number, count: number): number {
  if (count === 0) return 0;
  if (count === 1) return bytes[at]!;
  if (count === 2) return bytes[at]! | (bytes[at + 1]! << 8);
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}
