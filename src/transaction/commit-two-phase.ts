// Commit over several shards. The keeper is the one participant that is not prepared: it commits the decision record
// together with its own part, in one plain COMMIT, after all others have prepared. That commit is the decision.
//
//   phase                       a crash here means
//   1 PREPARE on the others     roll back: there is no record, and never will be
//   2 record + COMMIT on keeper commit if the keeper's commit is durable, else roll back
//   3 COMMIT PREPARED           commit: the record is there
import { AppError } from "../base/app-error.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "./participant.ts";

/**
 * Ends a prepared transaction whose participant could not: its connection is lost, or (after SET LOCAL ROLE) it was
 * prepared as a role that the session is not any more. Never rejects: what fails here stays in doubt.
 */
export type FinishPrepared = (
  outcome: "COMMIT" | "ROLLBACK",
  gid: string,
  shard: ShardName,
  error: unknown,
) => Promise<void>;

export async function commitTwoPhase(
  writers: readonly Participant[],
  gid: string,
  finish: FinishPrepared,
): Promise<void> {
  const keeper = chooseKeeper(writers);
  const others = writers.filter((participant) => participant !== keeper);

  const prepared = await Promise.allSettled(others.map((other) => other.runAudibly(`PREPARE TRANSACTION '${gid}'`)));
  const refused = prepared.find((result) => result.status === "rejected");
  if (refused !== undefined) {
    await rollbackPrepared(others, prepared, gid, finish);
    throw refused.reason;
  }

  const names = others.map(({ shard }) => `'${shard.replaceAll("'", "''")}'`).join(", ");
  try {
    await keeper.run(`SELECT shardgres.record_decision('${gid}', ARRAY[${names}])`);
  } catch (error) {
    await rollbackPrepared(others, prepared, gid, finish);
    throw error;
  }
  try {
    await keeper.runAudibly("COMMIT");
  } catch (error) {
    if (error instanceof AppError) throw outcomeUnknown(gid);
    // The keeper answered: a deferred constraint, say. Then it has rolled back.
    await rollbackPrepared(others, prepared, gid, finish);
    throw error;
  }

  await Promise.all(
    others.map((other) =>
      other.run(`COMMIT PREPARED '${gid}'`).catch((error: unknown) => finish("COMMIT", gid, other.shard, error)),
    ),
  );
}

/** The first writer, unless there is one that cannot be prepared: that one commits plainly. */
function chooseKeeper(writers: readonly Participant[]): Participant {
  const unpreparable = writers.filter((participant) => participant.cannotPrepare);
  if (unpreparable.length > 1) {
    throw new SqlError({
      code: "0A000",
      message: "the transaction has used temporary tables, LISTEN or NOTIFY on several shards",
      hint: "Use them in a transaction that writes on one shard.",
    });
  }
  return unpreparable[0] ?? writers[0]!;
}

async function rollbackPrepared(
  others: readonly Participant[],
  prepared: readonly PromiseSettledResult<void>[],
  gid: string,
  finish: FinishPrepared,
): Promise<void> {
  await Promise.all(
    others.map(async (other, i) => {
      // Where PREPARE failed the shard has rolled back by itself; where the connection broke it may have prepared.
      const result = prepared[i]!;
      if (result.status === "rejected" && !(result.reason instanceof AppError)) return;
      await other
        .run(`ROLLBACK PREPARED '${gid}'`)
        .catch((error: unknown) => finish("ROLLBACK", gid, other.shard, error));
    }),
  );
}

/** 08007: nobody knows yet whether the transaction is committed; the gid is how to ask. */
function outcomeUnknown(gid: string): SqlError {
  return new SqlError({
    code: "08007",
    message: "connection to a shard was lost during commit; the outcome of the transaction is unknown",
    detail: `The global transaction id is ${gid}.`,
    hint: "Look up the id in shardgres.decisions: present means committed.",
  });
}
