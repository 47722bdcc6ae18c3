// What is wrong with a PostgreSQL of its version, as far as failover is concerned.

/**
 * The first minor versions whose commits wait for standbys from the first moment after a start on (release notes of 17.5: "For
 * a short period after system startup, backends might fail to wait for synchronous commit").
 */
const waitsFromTheStart = new Map([
  [16, 9],
  [17, 5],
]);

/** `text`: "17.4". undefined: nothing is. */
export function versionProblem(text: string): string | undefined {
  const [major, minor] = text.split(".").map(Number);
  const first = waitsFromTheStart.get(major!);
  if (first === undefined || minor === undefined || minor >= first) return undefined;
  return `PostgreSQL ${text} may acknowledge commits without waiting for standbys just after a start; use ${major}.${first} or newer`;
}
