// Text of every kind hashes without the blanks (0x20) at its end, as hashbpcharextended does. For char(n) they mean nothing.
// For varchar(n) PostgreSQL silently cuts blanks beyond n when a row is stored, so a hash that saw them would send the
// row to another shard than the one where it is looked for. For text it costs nothing: equal values stay equal.
import { type Hash64, hashBytes } from "./hash64.ts";

/** The bytes must be in the encoding of the database. Text and binary format are the same. */
export function hashText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  while (end > start && bytes[end - 1] === 0x20) end--;
  hashBytes(bytes, start, end, out);
  return true;
}
