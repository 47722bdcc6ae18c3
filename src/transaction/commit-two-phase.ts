// Commit over several shards. The keeper is the one participant that is not prepared: it commits the record of the commit
// together with its own part, in one plain COMMIT, after all others have prepared. That commit is the decision.
//
//   phase                       a crash here means
//   1 PREPARE on the others,    roll back: there is no record, and whoever asks the keeper first makes sure of it
//     constraints on keeper
//   2 record + COMMIT on keeper commit if the keeper's commit is durable, else roll back
//   3 COMMIT PREPARED           commit: the record is there
//
// The keeper's deferred constraints are checked in phase 1 already: its COMMIT must not wait for others who may wait for a
// prepared part of this very transaction. Each phase is one round trip, whatever the number of shards. Everybody's part
// has the record, so that a reader sees it exactly where it sees the data.
import { AppError } from "../base/app-error.ts";
import { delay } from "../base/delay.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { isAbortedByOthers } from "./commit-record.ts";
import type { Coordinator, DistributedCommit } from "./coordinator.ts";
import type { Outcome } from "./finish-prepared.ts";
import { explainLoss } from "./lost-connection.ts";
import type { Participant } from "./participant.ts";

/** How long the client waits for phase 3. */
const phaseThreeWaitMs = 1_000;
/** How long the client waits for a decision that got lost with the keeper's connection. */
const decisionWaitMs = 5_000;

/**
 * Resolves when the transaction is committed, with the shards where it is not visible yet (phase 3 goes on by itself).
 * Rejects when it is rolled back, or with 08007 when nobody knows.
 */
export async function commitTwoPhase(
  writers: readonly Participant[],
  coordinator: Coordinator,
): Promise<{ readonly gid: string; readonly late: readonly ShardName[] }> {
  const keeper = chooseKeeper(writers);
  const others = writers.filter((participant) => participant !== keeper);
  const commit = await coordinator.begin(
    keeper.shard,
    others.map(({ shard }) => shard),
  );

  const [checked, ...prepared] = await Promise.allSettled([
    keeper.runAudibly("SET CONSTRAINTS ALL IMMEDIATE"),
    ...others.map((other) => other.runAudibly(`${commit.recordSql}; PREPARE TRANSACTION '${commit.gid}'`)),
  ]);
  const refused = [...prepared, checked].find((result) => result.status === "rejected");
  if (refused !== undefined) {
    // Where PREPARE failed the shard has rolled back by itself; where the connection broke it may have prepared.
    const left = others.filter((_, i) => !hasAnsweredNo(prepared[i]!));
    await endOthers(left, commit, "aborted", coordinator);
    throw explainLoss(explained(refused.reason), "transaction");
  }

  await Promise.all(writers.map((writer) => writer.shield()));
  try {
    await keeper.runAudibly(`${commit.recordSql}; ${keeper.commitSql}`);
  } catch (error) {
    if (!(error instanceof AppError)) {
      // The keeper answered: a deferred constraint, say. Then it has rolled back.
      await endOthers(others, commit, "aborted", coordinator);
      throw explained(error);
    }
    const deciding = coordinator.finish.decide(keeper.shard, commit.gid);
    const outcome = await within(deciding, decisionWaitMs);
    if (outcome === undefined) {
      void deciding.then(async (late) => {
        if (late !== undefined) await endOthers(others, commit, late, coordinator);
      });
      throw outcomeUnknown(commit.gid);
    }
    if (outcome === "aborted") {
      await endOthers(others, commit, "aborted", coordinator);
      throw explainLoss(error, "transaction");
    }
  }
  return { gid: commit.gid, late: await endOthers(others, commit, "committed", coordinator) };
}

/** The first of the writers (home, if it is among them), unless there is one that cannot be prepared: that one commits plainly. */
function chooseKeeper(writers: readonly Participant[]): Participant {
  const unpreparable = writers.filter((participant) => participant.cannotPrepare || participant.notifies);
  if (unpreparable.length > 1) {
    throw new SqlError({
      code: "0A000",
      message: "the transaction has used temporary tables, LISTEN or NOTIFY on several shards",
      hint: "Use them in a transaction that writes on one shard.",
    });
  }
  return unpreparable[0] ?? writers[0]!;
}

export function hasAnsweredNo(result: PromiseSettledResult<void>): boolean {
  return result.status === "rejected" && !(result.reason instanceof AppError);
}

/**
 * Ends the prepared parts: over the participant's own connection, else with the gateway's rights, for as long as it takes.
 * Resolves after a while in any case, with the shards that are not done yet.
 */
export async function endOthers(
  others: readonly Participant[],
  { gid, finished }: DistributedCommit,
  outcome: Outcome,
  { finish }: Coordinator,
): Promise<ShardName[]> {
  const command = outcome === "committed" ? "COMMIT" : "ROLLBACK";
  const left = new Set(others.map(({ shard }) => shard));
  let isFinished = true;
  const ending = Promise.all(
    others.map(async (other) => {
      const { shard } = other;
      const own = other.run(`${command} PREPARED '${gid}'`);
      other.busyUntil = own;
      try {
        await own;
      } catch {
        // Its connection is lost, or (after SET LOCAL ROLE) it was prepared as a role that the session is not any more.
        if (!(await finish.finish(shard, gid, outcome))) isFinished = false;
      }
      left.delete(shard);
    }),
  ).then(() => {
    if (isFinished) finished();
  });
  await within(ending, phaseThreeWaitMs);
  return [...left];
}

/** undefined: it takes longer. */
export async function within<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  const timer = new AbortController();
  const limit = delay(limitMs, timer.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer.abort();
  }
}

/** An error of the record means that somebody has given the transaction up. */
export function explained(error: unknown): unknown {
  if (!isAbortedByOthers(error)) return error;
  return new SqlError({
    code: "40001",
    message: "the transaction was rolled back because its commit took too long",
    hint: "Run the transaction again.",
  });
}

/** 08007: nobody knows yet whether the transaction is committed; the gid is how to ask. */
function outcomeUnknown(gid: string): SqlError {
  return new SqlError({
    code: "08007",
    message: "connection to a shard was lost during commit; the outcome of the transaction is unknown",
    detail: `The global transaction id is ${gid}.`,
    hint: `Ask again later: SELECT shardgres.transaction_status('${gid}')`,
  });
}
