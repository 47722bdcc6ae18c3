// Transactions that a gateway which is no more has left behind, prepared on two shards; the third is the keeper and has
// decided, or not. What a resolver makes of them, while faults strike at its messages.
import type { ShardName } from "../../src/topology/snapshot.ts";
import { formatGid } from "../../src/transaction/gid.ts";
import { comeToRest } from "./come-to-rest.ts";
import type { FaultStage } from "./fault-stage.ts";
import { asLine, MessageWatch, type PlannedStrike, type SeenMessage } from "./message-watch.ts";
import { ResolverLoop } from "./resolver-loop.ts";
import { within } from "./within.ts";

export interface ResolverReport {
  readonly recoveredMs: number;
  readonly isCommitted: boolean;
  readonly seen: readonly SeenMessage[];
}

let numbers = 0;

/**
 * Throws an error that says what does not hold. The resolver that the faults meet goes through the proxies; when it is
 * killed (`asProcess`), another one goes past them.
 */
export async function resolveInDoubt(
  { cluster, tables }: FaultStage,
  decided: boolean,
  planned: readonly PlannedStrike[] = [],
  asProcess = false,
): Promise<ResolverReport> {
  const mark = -1_000 - ++numbers;
  await leaveInDoubt({ cluster, tables }, mark, decided);
  const { adminPassword } = cluster.cluster;
  const resolvers: ResolverLoop[] = [];
  const watch = new MessageWatch(cluster, planned, ({ over }) => {
    if (asProcess) void over.then(() => resolvers.push(new ResolverLoop(cluster.topology, adminPassword)));
  });
  const startMs = performance.now();
  try {
    if (asProcess) await cluster.startResolver();
    else resolvers.push(new ResolverLoop(cluster.proxiedTopology, adminPassword));
    await comeToRest(cluster, watch.strikes);
    await within(2_000, "no such message", async () => {
      if (watch.missing().length > 0)
        throw new Error(
          watch
            .missing()
            .map(({ place }) => asLine(place))
            .join(", "),
        );
    });
    await Promise.all(watch.strikes.map(({ over }) => over));
    await comeToRest(cluster, watch.strikes);
    const recoveredMs = performance.now() - (watch.strikes[0]?.atMs ?? startMs);
    const counts = await Promise.all(
      cluster.shards.map(async (shard) => {
        const [count] = await cluster.sessions.ask(shard, `select count(*) from mark where run = ${mark}`);
        return count;
      }),
    );
    if (counts.some((count) => count !== (decided ? "1" : "0"))) {
      throw new Error(`${decided ? "" : "not "}decided, and found on the shards: ${counts.join(", ")}`);
    }
    return { recoveredMs, isCommitted: decided, seen: [...watch.seen] };
  } finally {
    watch.end();
    await cluster.killResolver();
    await Promise.all(resolvers.map((resolver) => resolver.stop()));
  }
}

async function leaveInDoubt(
  { cluster, tables }: Pick<FaultStage, "cluster" | "tables">,
  mark: number,
  decided: boolean,
): Promise<void> {
  const origin = "gone_1";
  const keeper = tables.nameOf("home") as ShardName;
  const gid = formatGid({ clusterId: cluster.topology.clusterId, origin, number: numbers, keeper });
  const record = `insert into shardgres.commits (origin, number, gid, participants, outcome)
    values ('${origin}', ${numbers}, '${gid}', '{}', 'committed')`;
  for (const shard of ["second", "third", "home"] as const) {
    if (shard === "home" && !decided) continue;
    const end = shard === "home" ? "commit" : `prepare transaction '${gid}'`;
    for (const sql of ["begin", tables.insert(shard, mark), record, end]) {
      await cluster.sessions.ask(tables.nameOf(shard), sql);
    }
  }
}
