// CREATE TABLE. A new table is unsharded, except a partition of a distributed table, which is distributed as its parent.
import type { CreateStmt, RangeVar } from "@pgsql/types";
import type { Relation } from "../../catalog/snapshot.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation, shardedRelation } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { checkConstraint } from "./constraint.ts";
import { createTemporary, isTemporaryName } from "./temporary.ts";

export function planCreateTable(input: PlanInput, statement: CreateStmt): Plan {
  const { relation } = statement;
  const parents = (statement.inhRelations ?? []).map((node) => nodeOf(node, "RangeVar"));
  const sharded = parents.map((parent) => shardedRelation(input, parent)).find((parent) => parent !== undefined);
  if (isTemporaryName(relation)) {
    if (sharded !== undefined) throw refuse("SG070", `temporary table below "${sharded.name}"`);
    return createTemporary(input, relation);
  }
  const isPartition = statement.partbound !== undefined;
  if (sharded !== undefined && !isPartition) throw refuse("SG070", `INHERITS "${sharded.name}"`);
  const parent = isPartition ? catalogRelation(input, parents[0]) : undefined;
  const table = newTable(relation, parent);
  for (const element of statement.tableElts ?? []) {
    const constraint = nodeOf(element, "Constraint");
    if (constraint !== undefined) checkConstraint(input, table, constraint);
    const column = nodeOf(element, "ColumnDef");
    for (const node of column?.constraints ?? []) {
      const own = nodeOf(node, "Constraint");
      if (own !== undefined) checkConstraint(input, table, own, column?.colname);
    }
  }
  return allShards();
}

/** The table as it will be, as far as the rules about constraints ask; oid 0: it has no rows. */
function newTable(name: RangeVar | undefined, parent: Relation | undefined): Relation {
  return {
    oid: 0,
    schema: name?.schemaname ?? "public",
    name: name?.relname ?? "",
    kind: "table",
    columns: parent?.columns ?? [],
    distribution: parent?.distribution ?? { kind: "unsharded" },
    parent: parent?.oid,
    definition: undefined,
    hasTriggers: false,
    triggerFunctions: [],
    hasRules: false,
  };
}
