// The white space that PostgreSQL's input functions skip around a value: C's isspace in the C locale.

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The first position from `start` that is not blank; `end` if all are. */
export function skipBlanks(bytes: Buffer, start: number, end: number): number {
  while (start < end && isBlank(bytes[start]!)) start++;
  return start;
}

/** Where the value ends when blanks at its end are left out. */
export function trimBlanks(bytes: Buffer, start: number, end: number): number {
  while (end > start && isBlank(bytes[end - 1]!)) end--;
  return end;
}
