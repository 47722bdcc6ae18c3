// Commit of a transaction that has written on one shard only: its own plain COMMIT.
import { explainLoss } from "./lost-connection.ts";
import type { Participant } from "./participant.ts";

/** A client may cancel it as with PostgreSQL: its deferred triggers, or, with a warning, the wait for a standby. */
export async function commitAlone(writer: Participant): Promise<void> {
  writer.shieldedFrom = "all but the client";
  try {
    await writer.runAudibly(writer.commitSql);
  } catch (error) {
    throw explainLoss(error, "outcome");
  }
}
