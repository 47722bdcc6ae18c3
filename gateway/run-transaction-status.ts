// SELECT shardgres.transaction_status('gid'): the shard that the gid names answers, once standbys have what it shows.
import { argumentText } from "../src/executor/argument-text.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { TransactionStatusPlan } from "../src/planner/plan.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { acknowledged } from "../src/transaction/acknowledged.ts";
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
  await untilAcknowledged(session, shard);
  const leases = new StatementLeases(session);
  try {
    const participant =
      transaction.status === "open" ? await transaction.join(shard, "state") : await leases.participant(shard);
    return await forward(session, participant, statement);
  } finally {
    leases.release();
  }
}

/** Rejects with 57P03 when the shard cannot say for sure. */
function untilAcknowledged({ gateway, database, interrupts }: Session, shard: ShardName): Promise<void> {
  const asking = acknowledged(gateway.admin.query, shard, database.name).catch((error: unknown) => {
    gateway.log.warn({ err: error, shard }, "what the shard shows of a transaction is not acknowledged");
    throw new SqlError({
      code: "57P03",
      message: `shard "${shard}" cannot say yet what has become of the transaction`,
      detail: "It has no primary, or its standbys do not acknowledge what the primary shows.",
      hint: "Ask again later.",
    });
  });
  return interrupts.orSooner(asking);
}
