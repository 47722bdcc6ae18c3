// The plan of most DDL: every shard carries out the client's own text, in one distributed transaction.
import type { AllShardsPlan } from "../plan.ts";

export function allShards(changes: Partial<Omit<AllShardsPlan, "kind">> = {}): AllShardsPlan {
  return {
    kind: "all-shards",
    transactional: true,
    undo: undefined,
    homeSql: undefined,
    otherSql: undefined,
    changesCatalog: true,
    ...changes,
  };
}
