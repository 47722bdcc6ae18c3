// The verdict on two answers: what a client could tell apart. Types made by users have other object ids on every server.
import { firstUserOid } from "../../src/pgwire/oid.ts";
import type { Answer, AnswerField, Result } from "./answer.ts";

export interface Comparison {
  /** For each result of the answers: "all" columns in order, none, or by the leading columns given. */
  readonly ordered: (result: number) => boolean | { readonly leading: number };
  /** Names of error fields that need not be equal; "settings", "tag": nor those. */
  readonly mayDiffer: readonly string[];
}

/** Sentences about what differs; empty: equal. */
export function compareAnswers(expected: Answer, got: Answer, { ordered, mayDiffer }: Comparison): string[] {
  const differences: string[] = [];
  const compare = (what: string, wanted: unknown, found: unknown) => {
    const [a, b] = [JSON.stringify(wanted), JSON.stringify(found)];
    if (a !== b) differences.push(`${what}: expected ${shorten(a)}, got ${shorten(b)}`);
  };
  compare("number of results", expected.results.length, got.results.length);
  for (const [i, wanted] of expected.results.entries()) {
    const found = got.results[i];
    if (found === undefined) break;
    const result = expected.results.length > 1 ? ` of result ${i + 1}` : "";
    compare(`error${result}`, withoutFields(wanted.error, mayDiffer), withoutFields(found.error, mayDiffer));
    // How much of a result came before its error is up to chance.
    if (wanted.error !== undefined && found.error !== undefined) continue;
    compare(`columns${result}`, wanted.fields?.map(comparableField), found.fields?.map(comparableField));
    compare(`COPY format${result}`, wanted.copy, found.copy);
    differences.push(...compareRows(`rows${result}`, wanted, found, ordered(i)));
    compare(`COPY data${result}`, copiedLines(wanted, ordered(i)), copiedLines(found, ordered(i)));
    if (!mayDiffer.includes("tag")) compare(`command tag${result}`, wanted.tag, found.tag);
  }
  compare("parameter types", expected.parameterTypes?.map(comparableOid), got.parameterTypes?.map(comparableOid));
  compare(
    "notices",
    expected.notices.map((notice) => withoutFields(notice, mayDiffer)),
    got.notices.map((notice) => withoutFields(notice, mayDiffer)),
  );
  if (!mayDiffer.includes("settings")) {
    const distinct = (settings: readonly string[]) => [...new Set(settings)].sort();
    compare("reported settings", distinct(expected.settings), distinct(got.settings));
  }
  compare("notifications", expected.notifications, got.notifications);
  compare("transaction status", expected.status, got.status);
  return differences;
}

function compareRows(what: string, wanted: Result, found: Result, ordered: boolean | { leading: number }): string[] {
  const [a, b] = [wanted, found].map(({ rows, fields }) => rows.map((row) => rowText(row, fields)));
  if (ordered === true) {
    const at = a!.findIndex((row, i) => row !== b![i]);
    if (a!.length === b!.length && at < 0) return [];
    if (a!.length === b!.length && sameMultiset(a!, b!)) return [`${what}: in another order, from row ${at + 1} on`];
    return [`${what}: ${missingAndExtra(a!, b!)}`];
  }
  if (!sameMultiset(a!, b!)) return [`${what}: ${missingAndExtra(a!, b!)}`];
  if (ordered === false) return [];
  const leading = ({ rows }: Result) => rows.map((row) => JSON.stringify(row.slice(0, ordered.leading)));
  const at = leading(wanted).findIndex((row, i) => row !== leading(found)[i]);
  return at < 0 ? [] : [`${what}: in another order, from row ${at + 1} on`];
}

/** Binary values of users' types may hold object ids. */
function rowText(row: readonly (string | null)[], fields: readonly AnswerField[] | undefined): string {
  return JSON.stringify(
    row.map((value, i) => {
      const field = fields?.[i];
      const isOpaque = value !== null && field !== undefined && field.format === 1 && field.typeOid >= firstUserOid;
      return isOpaque ? value.length : value;
    }),
  );
}

function sameMultiset(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && missing(a, b).length === 0;
}

/** Those of `a` that `b` lacks, counting duplicates. */
function missing(a: readonly string[], b: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const each of b) counts.set(each, (counts.get(each) ?? 0) + 1);
  return a.filter((each) => {
    const count = counts.get(each) ?? 0;
    counts.set(each, count - 1);
    return count <= 0;
  });
}

function missingAndExtra(a: readonly string[], b: readonly string[]): string {
  const few = (rows: readonly string[]) => `${rows.length} (${shorten(rows.slice(0, 3).join(" "))})`;
  return `expected ${a.length} rows, got ${b.length}; missing ${few(missing(a, b))}, not expected ${few(missing(b, a))}`;
}

function copiedLines({ copied, copy }: Result, ordered: boolean | { leading: number }): string[] | undefined {
  if (copy === undefined) return undefined;
  const lines = copied.join("").split("\n");
  return ordered === true ? lines : lines.sort();
}

function comparableField({ name, typeOid, typeModifier, format }: AnswerField): (string | number)[] {
  return [name, comparableOid(typeOid), typeModifier, format];
}

function comparableOid(oid: number): number | string {
  return oid < firstUserOid ? oid : "user's type";
}

function withoutFields(fields: Readonly<Record<string, string>> | undefined, names: readonly string[]): unknown {
  if (fields === undefined) return undefined;
  const kept = Object.entries(fields).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function shorten(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}
