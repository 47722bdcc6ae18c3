// bool: the spellings of parse_bool_with_len in PostgreSQL's bool.c, hashed as the integers 0 and 1.
import { skipBlanks, trimBlanks } from "./blanks.ts";
import { type Hash64, hashInt32 } from "./hash64.ts";

const spellings = new Map<string, number>([
  ...["1", "on", "t", "tr", "tru", "true", "y", "ye", "yes"].map((text) => [text, 1] as const),
  ...["0", "of", "off", "f", "fa", "fal", "fals", "false", "n", "no"].map((text) => [text, 0] as const),
]);

/** Either case, blanks around allowed. */
export function hashBoolText(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  const first = skipBlanks(bytes, start, end);
  const last = trimBlanks(bytes, first, end);
  if (last - first > 5) return false;
  const value = spellings.get(bytes.toString("latin1", first, last).toLowerCase());
  if (value === undefined) return false;
  hashInt32(value, out);
  return true;
}

export function hashBoolBinary(bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  if (end - start !== 1) return false;
  hashInt32(bytes[start] === 0 ? 0 : 1, out);
  return true;
}
