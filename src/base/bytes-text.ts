// A number of bytes for people, in the units of PostgreSQL's pg_size_pretty: "512 bytes", "12 MB", "1.4 GB".

const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** One decimal below ten, none above. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // What would be rounded to 1024 of a unit is 1 of the next.
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const text = unit === 0 || value >= 9.95 ? String(Math.round(value)) : value.toFixed(1);
  return `${text} ${bytes === 1 ? "byte" : units[unit]}`;
}
