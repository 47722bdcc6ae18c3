// COMMIT on all shards that take part in a transaction: plainly where one has written, in two phases where several have.
import { transactionStatus } from "../pgwire/message-type.ts";
import { noticeResponse } from "../pgwire/notice.ts";
import type { Lease } from "../pool/pool.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { commitAlone } from "./commit-alone.ts";
import { commitTwoPhase } from "./commit-two-phase.ts";
import type { Coordinator } from "./coordinator.ts";
import { explainLoss, transactionLost } from "./lost-connection.ts";
import type { Participant } from "./participant.ts";

/**
 * `participants`: those that have begun. `onLate`: gets a warning for the client where a shard does not show it yet. Rejects
 * when it could not be committed; some may still have to be rolled back then.
 */
export async function commitParticipants(
  participants: readonly Participant[],
  coordinator: Coordinator,
  onLate: (warning: Buffer) => void,
): Promise<void> {
  checkOpen(participants);
  const writers = participants.filter(({ wrote }) => wrote);
  const readers = participants.filter(({ wrote }) => !wrote);
  if (writers.length > 1) {
    const { gid, late } = await commitTwoPhase(writers, coordinator);
    for (const shard of late) onLate(commitIsLate(shard, gid));
  } else if (writers.length === 1) {
    await commitAlone(writers[0]!);
  }
  await commitReaders(readers, writers.length > 0);
}

/** COMMIT and PREPARE of a transaction that a shard has given up would roll it back and report success. */
export function checkOpen(participants: readonly Participant[]): void {
  for (const { lease } of participants) {
    const { connection } = lease;
    if (connection.isClosed || connection.status !== transactionStatus.open) throw lossOf(lease);
  }
}

/** A participant that was lost earlier: what its shard has said, if anything. */
export function lossOf({ connection }: Lease): unknown {
  return explainLoss(connection.lostBefore ?? transactionLost(), "transaction");
}

/** Once something is committed, nothing that happens to those who have only read is an error of the transaction. */
export async function commitReaders(readers: readonly Participant[], isCommitted: boolean): Promise<void> {
  await Promise.all(
    readers.map(async (reader) => {
      try {
        await reader.runAudibly("COMMIT");
      } catch (error) {
        if (!isCommitted) throw explainLoss(error, "read");
        reader.lease.discard();
      }
    }),
  );
}

function commitIsLate(shard: ShardName, gid: string): Buffer {
  return noticeResponse(
    "WARNING",
    "01000",
    `the transaction is committed, but shard "${shard}" does not show it yet (global transaction id ${gid})`,
  );
}
