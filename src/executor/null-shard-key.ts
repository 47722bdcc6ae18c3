// A row without a shard key belongs nowhere.
import { SqlError } from "../pgwire/sql-error.ts";
import type { StoredKey } from "../planner/plan.ts";

/** The error that PostgreSQL would give if the column were NOT NULL, as a shard key always is. */
export function nullShardKey(stored: StoredKey | undefined): SqlError {
  const columns = stored?.columns.map(({ name }) => `"${name}"`).join(", ") ?? "";
  return new SqlError({
    code: "23502",
    message: `null value in shard key ${columns} of relation "${stored?.relation ?? ""}" violates not-null constraint`,
    table: stored?.relation,
    column: stored?.columns.length === 1 ? stored.columns[0]!.name : undefined,
  });
}
