// What later DDL may do to a sharded table. An unsharded or reference table may have any constraint.
import type { SqlError } from "../pgwire/sql-error.ts";
import { refuseDistribution } from "./refusals.ts";
import type { Relation } from "./snapshot.ts";
import { plainName } from "./sql-name.ts";

/**
 * For PRIMARY KEY, UNIQUE, EXCLUDE and unique indexes. `columns` are those that it compares as they are, with the = operator,
 * under a deterministic collation: no expressions, no INCLUDE. `what` names the constraint in the message.
 */
export function constraintNeedsShardKey(
  relation: Relation,
  columns: readonly string[],
  what = "a unique constraint or index",
): SqlError | undefined {
  if (relation.distribution.kind !== "distributed") return undefined;
  const { shardKey } = relation.distribution;
  if (shardKey.every((column) => columns.includes(column))) return undefined;
  return refuseDistribution(
    "SG110",
    `${what} of table ${plainName(relation)}`,
    `The shard key of ${plainName(relation)} is (${shardKey.join(", ")}).`,
  );
}

/** For DROP COLUMN, ALTER COLUMN TYPE, and whatever else would change the values of a column. */
export function columnIsShardKey(relation: Relation, column: string): SqlError | undefined {
  if (relation.distribution.kind !== "distributed") return undefined;
  return relation.distribution.shardKey.includes(column) ? refuseDistribution("SG119", column) : undefined;
}

/** For INHERITS and ALTER TABLE .. INHERIT, with the parent or the child. */
export function inheritanceIsRefused(relation: Relation): SqlError | undefined {
  return relation.distribution.kind === "unsharded"
    ? undefined
    : refuseDistribution("SG103", `sharded table ${plainName(relation)}`);
}
