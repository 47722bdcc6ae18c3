// The term in the WAL: settings of role `shardgres`, which every database of a tablet and of its standbys shows. `term` is
// that of the primary that wrote the WAL, `terms` where each term began: "5@0/3000060 6@0/51C2A88 7@0/7001230". A term that
// went on after a promotion that was not finished has two places: where that one began, and where it did itself.
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import { lsnText, parseLsn } from "../../src/base/lsn.ts";
import type { TermStart } from "./server.ts";
import { controlRole } from "./upstream-service.ts";

export interface TermRecord {
  /** 0: nothing was recorded yet. */
  readonly term: number;
  /** Oldest first. */
  readonly terms: readonly TermStart[];
}

const termsMax = 100;
const settingsQuery =
  "SELECT coalesce((SELECT c.setconfig FROM pg_db_role_setting c JOIN pg_roles r ON r.oid = c.setrole WHERE r.rolname = $1 AND c.setdatabase = 0), '{}') AS settings";

export async function readTermRecord(client: pg.Client): Promise<TermRecord> {
  const { rows } = await client.query(settingsQuery, [controlRole]);
  return parseTermRecord(rows[0].settings);
}

/** From "name=value" of each setting. Throws AppError "invalid-term-record". */
export function parseTermRecord(settings: readonly string[]): TermRecord {
  const values = new Map(settings.map((setting) => split(setting, "=")));
  const term = values.get("shardgres.term");
  const terms = values.get("shardgres.terms");
  if (term === undefined && terms === undefined) return { term: 0, terms: [] };
  const starts = (terms ?? "").split(" ").map((text) => {
    const [number, lsn] = split(text, "@");
    return { term: natural(number), lsn: parseLsn(lsn) };
  });
  const last = starts.at(-1);
  const isOrdered = starts.every((start, i) => i === 0 || (start.term ?? 0) >= (starts[i - 1]!.term ?? 0));
  if (!isOrdered || last?.term === undefined || last.term !== natural(term ?? "")) {
    throw invalid(term, terms);
  }
  return {
    term: last.term,
    terms: starts.map((start) => {
      if (start.term === undefined || start.lsn === undefined) throw invalid(term, terms);
      return { term: start.term, lsn: start.lsn };
    }),
  };
}

/** Resolves when the record is on this disk. The last of `starts` is the new term; it may have begun in two places. */
export async function writeTermRecord(
  client: pg.Client,
  before: TermRecord,
  starts: readonly TermStart[],
): Promise<void> {
  const terms = [...before.terms, ...starts].slice(-termsMax);
  const { term } = terms.at(-1)!;
  const text = terms.map((start) => `${start.term}@${lsnText(start.lsn)}`).join(" ");
  await client.query("BEGIN");
  await client.query(`ALTER ROLE ${controlRole} SET shardgres.term = '${term}'`);
  await client.query(`ALTER ROLE ${controlRole} SET shardgres.terms = '${text}'`);
  await client.query("COMMIT");
}

function natural(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function invalid(term: string | undefined, terms: string | undefined): AppError {
  return new AppError(
    "invalid-term-record",
    `role ${controlRole} has the settings shardgres.term = ${term} and shardgres.terms = ${terms}, which make no sense`,
  );
}
