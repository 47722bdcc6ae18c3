// A statement that may be read from standbys, from its first try to its last. One that is lost, or that recovery needs to get
// at rows for which the statement holds it up, is not the only one: as long as the client has seen nothing of the answer
// another tablet is asked. What a standby cannot do, or does not know yet, the primary is asked for, if it may be.
import { AppError } from "../src/base/app-error.ts";
import { ShardError } from "../src/pgwire/error-fields.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Plan } from "../src/planner/plan.ts";
import type { Lease } from "../src/pool/pool.ts";
import type { ReadOptions } from "../src/pool/read-options.ts";
import { NoStandby, standbyKey } from "../src/pool/tablet-pool.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";

const triesMax = 5;

/** Recovery conflicts: serialization_failure, and deadlock_detected of one that waits for recovery itself. */
const conflict = new Set(["40001", "40P01"]);

/**
 * What is there on the primary, or can be done there: names (a standby learns of DDL later), read_only_sql_transaction,
 * "recovery is in progress", "cannot ... during recovery".
 */
const primaryKnows = /^(42|3D|3F|25006$|55000$|0A000$)/;

export class ReadAttempt {
  readonly read: ReadOptions;
  /** Of all tries: see AcquireOptions. */
  readonly failed = new Set<string>();
  /** Connections of the present try. */
  readonly used: Lease[] = [];
  #tries = 1;
  #conflicts = 0;

  constructor(read: ReadOptions) {
    this.read = read;
  }

  /** Whether another try makes sense, which is not to use those that have failed. */
  mayTryAgain(error: unknown): boolean {
    const standbys = this.used.filter(({ standby }) => standby !== undefined);
    this.used.length = 0;
    if (standbys.length === 0 || ++this.#tries > triesMax) return false;
    if (error instanceof AppError) {
      const lost = standbys.filter(({ connection }) => connection.isClosed);
      this.#fail(lost);
      return lost.length > 0;
    }
    if (!(error instanceof ShardError)) return false;
    const { code } = error.fields;
    if (conflict.has(code)) {
      // Which of several it was nobody knows; they get another try first.
      if (standbys.length === 1 || ++this.#conflicts > 1) this.#fail(standbys);
      return true;
    }
    if (this.read.from === "standby" || !primaryKnows.test(code)) return false;
    this.#fail(standbys);
    return true;
  }

  #fail(leases: readonly Lease[]): void {
    for (const { shard, standby } of leases) this.failed.add(standbyKey(shard, standby!));
  }
}

/** Does the work of one statement; again, if need be, when its reads may go to standbys. */
export async function reading<T>(
  session: Session,
  { taker }: Pick<Statement, "taker">,
  readOnly: boolean,
  work: (attempt: ReadAttempt | undefined) => Promise<T>,
): Promise<T> {
  const read = session.reads.ofStatement(readOnly);
  if (read === undefined) return work(undefined);
  const { client, interrupts } = session;
  const { writes } = client;
  const attempt = new ReadAttempt(read);
  for (let reason: unknown; ; ) {
    try {
      return await work(attempt);
    } catch (error) {
      // That all have failed says less than why the last of them has.
      if (reason !== undefined && error instanceof NoStandby) throw reason;
      reason = error;
      if (client.writes > writes || taker !== undefined || !attempt.mayTryAgain(error)) throw error;
      interrupts.check();
    }
  }
}

/** Throws 25006 for what a standby would do, but not for everybody to see, and what it would keep for the session. */
export function checkOnStandby(plan: Plan & { kind: "single-shard" }, text: string): void {
  const keeps = plan.reserve !== undefined || plan.needsReservation === true || plan.createsTemporary !== undefined;
  if (!keeps && !/\bpg_(?:try_)?advisory_/i.test(text)) return;
  throw new SqlError({
    code: "25006",
    message: "cannot execute this statement on a standby",
    detail: "shardgres.read_from lets this read-only transaction read from standbys.",
    hint: "Use SET LOCAL shardgres.read_from TO 'primary' before the first query of the transaction.",
  });
}
