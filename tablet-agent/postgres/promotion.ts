// From standby to primary of a term. Until the WAL says the term, the configuration is a standby's: sessions are read-only
// unless they insist, and commits wait for nobody that exists. So what a client writes too early is acknowledged by nobody.
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import { delay } from "../../src/base/delay.ts";
import type { TermStart } from "./server.ts";
import { value } from "./session.ts";
import { readTermRecord, writeTermRecord } from "./term-record.ts";

const limitMs = 60_000;
const pollMs = 5;

/** Ends recovery and writes the term's record. It may be called again after it was broken off. */
export async function promoteTo(client: pg.Client, starts: readonly TermStart[]): Promise<void> {
  await endRecovery(client);
  await recordTerm(client, starts);
  await endEarlyWriters(client);
}

/** Also records a later term of who has been primary all the time. */
export async function recordTerm(client: pg.Client, starts: readonly TermStart[]): Promise<void> {
  const { term } = starts.at(-1)!;
  const record = await readTermRecord(client);
  if (record.term > term) throw olderTerm(term, record.term);
  if (record.term < term) await writeTermRecord(client, record, starts);
}

/** pg_promote itself would look only ten times a second. */
async function endRecovery(client: pg.Client): Promise<void> {
  const deadline = performance.now() + limitMs;
  const isStandby = () => value<boolean>(client, "SELECT pg_is_in_recovery()");
  if (!(await isStandby())) return;
  await client.query("SELECT pg_promote(false)");
  while (await isStandby()) {
    if (performance.now() > deadline) {
      throw new AppError("not-promoted", `PostgreSQL is not primary ${limitMs / 1000} s after its promotion`);
    }
    await delay(pollMs);
  }
}

/**
 * Ends those who have insisted on writing before the record was there, and those who prepared or committed in two phases:
 * their commits stand before the record, where it would not be known that they are of this term.
 */
async function endEarlyWriters(client: pg.Client): Promise<void> {
  const { rows: writers } = await client.query(
    `SELECT pid, backend_start::text AS started, pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND (backend_xid IS NOT NULL OR wait_event = 'SyncRep')`,
  );
  const remainingQuery = "SELECT count(*)::int FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2";
  for (const { pid, started } of writers) {
    while ((await value<number>(client, remainingQuery, [pid, started])) > 0) await delay(pollMs);
  }
}

function olderTerm(term: number, found: number): AppError {
  return new AppError("older-term", `the WAL is of term ${found} already, so no term ${term} can begin`);
}
