// A row without a shard key belongs nowhere. Shard keys are NOT NULL, so this is what PostgreSQL would say, if it got the row.
import { SqlError } from "../pgwire/sql-error.ts";
import type { StoredKey } from "./plan.ts";

/** `column`: the one that is NULL; undefined when it is not known which of several is. */
export function nullShardKey({ schema, relation }: Pick<StoredKey, "schema" | "relation">, column: string | undefined) {
  const what = column === undefined ? "the shard key" : `column "${column}"`;
  return new SqlError({
    code: "23502",
    message: `null value in ${what} of relation "${relation}" violates not-null constraint`,
    schema,
    table: relation,
    column,
  });
}
