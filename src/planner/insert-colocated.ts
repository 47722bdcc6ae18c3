// INSERT .. SELECT that every shard can carry out by itself: the query's rows are spread over the shards by the very values
// that become the shard key of the new rows.
import type { InsertStmt, SelectStmt } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { nodeOf } from "../sql/walk.ts";
import { analyze } from "./analysis/analyze.ts";
import { functionDemands } from "./functions.ts";
import { columnNamed, type Distributed, isLocalDefault, partialColumns, targetColumns } from "./insert-target.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRows } from "./plan-rows.ts";
import { partitionOf } from "./query/partition.ts";

/** undefined: not proven. */
export function colocatedInsert(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  distribution: Distributed,
): Plan | undefined {
  const select = nodeOf(statement.selectStmt, "SelectStmt");
  const isPlain = statement.override === "OVERRIDING_NOT_SET" && partialColumns(statement).length === 0;
  if (select === undefined || !isPlain) return undefined;
  if (functionDemands({ InsertStmt: statement }, true).home.length > 0) return undefined;
  if (!relation.columns.every((column) => isLocalDefault(input, column))) return undefined;
  const query = withOuterWith(statement, select);
  if (query === undefined) return undefined;
  const own: PlanInput = { ...input, statement: { ...input.statement, tree: { SelectStmt: query } } };
  if (!givesShardKey(own, targetColumnNames(relation, statement), relation, distribution)) return undefined;
  return asWrite(planRows(own));
}

/** The query with the WITH of the INSERT; undefined when it has one of its own. */
function withOuterWith({ withClause }: InsertStmt, select: SelectStmt): SelectStmt | undefined {
  if (withClause === undefined) return select;
  return select.withClause === undefined ? { ...select, withClause } : undefined;
}

function targetColumnNames(relation: Relation, statement: InsertStmt): readonly string[] {
  return targetColumns(relation, statement).map(({ name }) => name);
}

function givesShardKey(
  input: PlanInput,
  columns: readonly string[],
  relation: Relation,
  distribution: Distributed,
): boolean {
  const partition = partitionOf(analyze(input).root);
  if (partition.kind !== "partitioned" || partition.group !== distribution.colocationGroup) return false;
  return distribution.shardKey.every((name, index) => {
    // A length or a precision may change the value when it is stored.
    const isUnchanged = columnNamed(relation, name).typeModifier < 0;
    return isUnchanged && partition.positions?.[index] === columns.indexOf(name);
  });
}

/** The plan of the query with the client's own text, which inserts its rows. */
function asWrite(plan: Plan): Plan | undefined {
  switch (plan.kind) {
    case "single-shard":
      return plan.targets.every(({ kind }) => kind === "keys" || kind === "array")
        ? { ...plan, readOnly: false, otherwise: plan.otherwise && asWrite(plan.otherwise) }
        : undefined;
    case "scatter": {
      const isConcatenation = plan.orderBy.length === 0 && plan.limit === undefined && plan.offset === undefined;
      return isConcatenation
        ? { kind: "scatter-write", target: plan.target, sql: undefined, replicated: false }
        : undefined;
    }
    default:
      return undefined;
  }
}
