// SELECT shardgres.transaction_status('gid'): the shard that the gid names answers.
import { argumentText } from "../src/executor/argument-text.ts";
import type { TransactionStatusPlan } from "../src/planner/plan.ts";
import { parseGid } from "../src/transaction/gid.ts";
import { forward } from "./forward.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";
import { StatementLeases } from "./statement-leases.ts";

/** Resolves with CommandComplete. */
export async function runTransactionStatus(
  session: Session,
  statement: Statement,
  plan: TransactionStatusPlan,
): Promise<Buffer> {
  const { transaction, topology } = session;
  const keeper = parseGid(argumentText(plan.gid, statement.run) ?? "")?.keeper;
  // Of what is no gid any shard says so.
  const shard = keeper !== undefined && topology.shards.has(keeper) ? keeper : topology.home;
  const leases = new StatementLeases(session);
  try {
    const participant =
      transaction.status === "open" ? await transaction.join(shard, "state") : await leases.participant(shard);
    return await forward(session, participant, statement);
  } finally {
    leases.release();
  }
}
