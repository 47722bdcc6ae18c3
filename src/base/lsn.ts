// A position in the WAL: bytes since its beginning. PostgreSQL writes it as two hexadecimal numbers, "16/B374D848"; here it
// is a number, so that positions can be compared and subtracted. A number is exact up to 8 petabytes of WAL.

const pattern = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** As pg_lsn reads it. undefined: it is none, or beyond what a number can say. */
export function parseLsn(text: string): number | undefined {
  const [, high, low] = pattern.exec(text) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const lsn = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
  return Number.isSafeInteger(lsn) ? lsn : undefined;
}

/** As pg_lsn writes it. */
export function lsnText(lsn: number): string {
  const hex = (part: number) => part.toString(16).toUpperCase();
  return `${hex(Math.floor(lsn / 2 ** 32))}/${hex(lsn % 2 ** 32)}`;
}
