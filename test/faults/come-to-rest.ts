// After the faults: waiting until nothing can change any more, on any shard.
import type { FaultCluster } from "./fault-cluster.ts";
import type { Strike } from "./message-watch.ts";
import { within } from "./within.ts";

export const recoveryLimitMs = 15_000;

/** Resolves when who served a connection that is cut is gone, nobody is in a transaction, and nothing is prepared. */
export async function comeToRest(cluster: FaultCluster, strikes: readonly Strike[] = []): Promise<void> {
  await within(recoveryLimitMs, "all shards to come to rest", async () => {
    const cut = strikes
      .flatMap(({ connections }) => connections)
      .filter(({ shard, connection }) => !cluster.proxies.get(shard)!.connections.has(connection));
    const busy = await onShards(cluster, busySql, (shard) => [
      cut.filter((one) => one.shard === shard).map(({ connection }) => connection.backendPid ?? 0),
    ]);
    if (busy.length > 0) throw new Error(`still busy: ${busy.join("; ")}`);
    const prepared = await onShards(cluster, "select gid from pg_prepared_xacts");
    if (prepared.length > 0) throw new Error(`still prepared: ${prepared.join(", ")}`);
  });
}

/** Who is in a transaction, or has served one of the connections of $1, which were cut. */
const busySql = `
  select pid, application_name, state, left(query, 60) from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()
    and (xact_start is not null or pid = any($1) and application_name <> 'faults: truth')`;

/** Rejects when all have answered and one of them with an error. */
async function onShards(
  { shards, sessions }: FaultCluster,
  sql: string,
  values: (shard: string) => readonly unknown[] = () => [],
): Promise<string[]> {
  const answers = await Promise.allSettled(shards.map((shard) => sessions.ask(shard, sql, values(shard))));
  return answers.flatMap((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
}
