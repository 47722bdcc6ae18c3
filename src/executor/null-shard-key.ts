// A row without a shard key, seen by an operator.
import { assert } from "../base/assert.ts";
import type { SqlError } from "../pgwire/sql-error.ts";
import { nullShardKey as nullInColumn } from "../planner/null-shard-key.ts";
import type { StoredKey } from "../planner/plan.ts";

/** What PostgreSQL says of a NULL in a NOT NULL column; of a key of several columns it does not say which one is NULL. */
export function nullShardKey(stored: StoredKey | undefined): SqlError {
  assert(stored, "keys of rows to be stored");
  const [column] = stored.columns;
  return nullInColumn(stored, stored.columns.length === 1 ? column?.name : undefined);
}
