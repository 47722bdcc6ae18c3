// INSERT of several rows of VALUES: each shard gets the client's own text with the rows that belong to it.
import type { InsertSplitPlan } from "../planner/plan.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Execution } from "./execution.ts";
import { nullShardKey } from "./null-shard-key.ts";
import { bucketOfKey } from "./resolve-target.ts";
import { shardOfBucket } from "./shard-of-bucket.ts";

export interface SplitInsert {
  readonly sqlByShard: ReadonlyMap<ShardName, string>;
  /** The shard of each row, in the client's order. */
  readonly order: readonly ShardName[];
}

/** undefined when a key value is of no use for routing. */
export function splitInsert(plan: InsertSplitPlan, execution: Execution): SplitInsert | undefined {
  const { topology, statement } = execution;
  const rows = new Map<ShardName, string[]>();
  const order: ShardName[] = [];
  for (const row of plan.rows) {
    const bucket = bucketOfKey(plan.types, row.key, statement, plan.stored);
    if (bucket === undefined) return undefined;
    if (bucket === "null") throw nullShardKey(plan.stored);
    const shard = shardOfBucket(topology, bucket);
    order.push(shard);
    const present = rows.get(shard);
    if (present === undefined) rows.set(shard, [row.text]);
    else present.push(row.text);
  }
  const sqlByShard = new Map([...rows].map(([shard, texts]) => [shard, plan.head + texts.join(",") + plan.tail]));
  return { sqlByShard, order };
}
