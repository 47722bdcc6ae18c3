// The spellings of dates and timestamps that mean the same under every DateStyle and TimeZone: ISO 8601, as PostgreSQL and
// all drivers write them. Anything else ("now", "1/2/2024", "Jan 2 2024", names of zones) is not understood on purpose.

export type DateTime =
  | { readonly kind: "infinity"; readonly negative: boolean }
  | {
      readonly kind: "finite";
      /** Since 2000-01-01, in the proleptic Gregorian calendar. */
      readonly days: number;
      readonly secondOfDay: number;
      readonly microsecond: number;
      /** East of Greenwich; undefined when the text has no offset. */
      readonly offsetSeconds: number | undefined;
    };

const date = String.raw`(\d{4,7})-(\d\d)-(\d\d)`;
const time = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?`;
const offset = String.raw`(z|([+-])(\d\d)(?::?(\d\d)(?::(\d\d))?)?)`;
const pattern = new RegExp(String.raw`^\s*${date}(?:[ t]${time}(?: ?${offset})?)?( bc)?\s*$`, "i");

/** Longer than the longest text that `pattern` takes, so that no time is spent on others. */
const textLengthMax = 64;

/** undefined: not a valid moment, or one whose meaning depends on the session. */
export function parseDateTime(bytes: Buffer, start: number, end: number): DateTime | undefined {
  if (end - start > textLengthMax) return undefined;
  const text = bytes.toString("latin1", start, end);
  const infinity = /^\s*(-?)infinity\s*$/i.exec(text);
  if (infinity) return { kind: "infinity", negative: infinity[1] === "-" };
  const parts = pattern.exec(text);
  if (!parts) return undefined;

  const part = (index: number) => Number(parts[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  const [offsetHour, offsetMinute, offsetSecond] = [part(10), part(11), part(12)];
  // There is no year 0: 1 BC comes before 1.
  const astronomicalYear = parts[13] ? 1 - year : year;
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysOfMonth(astronomicalYear, month)) return undefined;
  // PostgreSQL also reads 24:00:00 and a 60th second.
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (offsetHour > 15 || offsetMinute > 59 || offsetSecond > 59) return undefined;

  const distance = offsetHour * 3600 + offsetMinute * 60 + offsetSecond;
  return {
    kind: "finite",
    days: daysSince2000(astronomicalYear, month, day),
    secondOfDay: hour * 3600 + minute * 60 + second,
    microsecond: Number((parts[7] ?? "").padEnd(6, "0")),
    offsetSeconds: parts[8] === undefined ? undefined : parts[9] === "-" ? -distance : distance,
  };
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function daysSince2000(year: number, month: number, day: number): number {
  // Years that begin in March put the leap day last.
  const marchYear = month > 2 ? year : year - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return marchYear * 365 + leapDays + dayOfYear - 730425;
}
