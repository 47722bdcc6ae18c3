// Changes whose acknowledgement commits wait for, so that it is known when the rule before has ended. Three kinds of
// processes have to get round to it: the checkpointer tells backends whether to wait at all, and each WAL sender, by the
// rule that it knows, lets those go that have waited long enough (source: syncrep.c). None of them says what it knows,
// but for one thing: whether a standby counts. So between two rules comes one by which none counts. It is in force when
// no sender shows a standby that counts and a commit made for that purpose waits.
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import { delay } from "../../src/base/delay.ts";
import { closeSession, openSession, type SessionTarget, value } from "./session.ts";

/** Commits wait meanwhile, so a sender that is stuck must not hold them up for long. */
const sendersLimitMs = 5_000;
/** Nobody waits for a checkpointer that is busy with a checkpoint. */
const checkpointerLimitMs = 20_000;
const pollMs = 5;

/** Resolves when nobody's acknowledgement counts any more. The configuration that says so has been read. */
export async function nobodyCounts(client: pg.Client, target: SessionTarget, names: readonly string[]): Promise<void> {
  const sendersDeadline = performance.now() + sendersLimitMs;
  // A standby that has not acknowledged anything yet does not show whether it counts.
  const countingQuery = `SELECT count(*)::int FROM pg_stat_replication
    WHERE sync_priority > 0 OR (application_name = ANY ($1) AND flush_lsn IS NULL AND state IN ('catchup', 'streaming'))`;
  while ((await value<number>(client, countingQuery, [names])) > 0) await pause(sendersDeadline);
  const deadline = performance.now() + checkpointerLimitMs;
  while (!(await aCommitWaits(client, target, deadline))) await pause(deadline);
}

/**
 * Has every standby acknowledge once more: a commit that has waited through the change is let go by the next
 * acknowledgement only, even if those before are enough now.
 */
export async function askForAcknowledgements(client: pg.Client): Promise<void> {
  await client.query("SELECT pg_logical_emit_message(true, 'shardgres', 'acknowledge this')");
}

async function aCommitWaits(client: pg.Client, target: SessionTarget, deadline: number): Promise<boolean> {
  const prober = await openSession(target);
  try {
    await prober.query("SET synchronous_commit = on");
    const pid = await value<number>(prober, "SELECT pg_backend_pid()");
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
    };
    prober.query("SELECT pg_logical_emit_message(true, 'shardgres', 'does this wait?')").then(end, end);
    const waitsQuery = "SELECT wait_event IS NOT DISTINCT FROM 'SyncRep' FROM pg_stat_activity WHERE pid = $1";
    for (;;) {
      if (await value<boolean>(client, waitsQuery, [pid])) {
        await client.query("SELECT pg_terminate_backend($1)", [pid]);
        return true;
      }
      if (hasEnded) return false;
      await pause(deadline);
    }
  } finally {
    closeSession(prober);
  }
}

async function pause(deadline: number): Promise<void> {
  if (performance.now() > deadline) {
    throw new AppError("not-in-force", "a WAL sender or the checkpointer does not take the new synchronous standbys");
  }
  await delay(pollMs);
}
