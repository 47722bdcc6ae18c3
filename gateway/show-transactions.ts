// SHOW shardgres.transactions: what is prepared anywhere, over all databases. Unlike the other lists, it asks the shards.
import { ageText } from "../src/base/age-text.ts";
import { noticeResponse } from "../src/pgwire/notice.ts";
import { listTransactions } from "../src/transaction/list-transactions.ts";
import type { Session } from "./session.ts";

export const transactionColumns = ["gid", "database", "state", "shards", "keeper", "age", "owner"] as const;

/** A shard that does not answer is told to the client as a warning. */
export async function transactionRows(session: Session): Promise<(string | null)[][]> {
  const { topology, gateway, client } = session;
  const { clusterId, shards } = topology;
  const { transactions, silent } = await listTransactions({
    clusterId,
    shards: shards.keys(),
    ask: gateway.admin.query,
  });
  for (const { shard, reason } of silent) {
    gateway.log.warn({ shard, err: reason }, "shard cannot be asked for prepared transactions");
    const message = `shard "${shard}" does not answer: what is prepared there is not shown`;
    client.write(noticeResponse("WARNING", "08006", message));
  }
  return transactions.map((transaction) => [
    transaction.gid,
    transaction.database,
    transaction.state,
    transaction.shards.join(", "),
    transaction.keeper ?? null,
    ageText(transaction.ageSeconds),
    transaction.owner,
  ]);
}
