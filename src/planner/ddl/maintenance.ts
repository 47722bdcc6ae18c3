// VACUUM, ANALYZE, REINDEX, CLUSTER, TRUNCATE, LOCK: commands about tables that change no schema.
import type { ClusterStmt, LockStmt, Node, RangeVar, ReindexStmt, TruncateStmt, VacuumStmt } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { optionIsOn } from "../definition.ts";
import { homePlan } from "../home-plan.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { isTemporary, onTemporary } from "./temporary.ts";

export function planVacuum(input: PlanInput, statement: VacuumStmt): Plan {
  const relations = (statement.rels ?? []).map((node) => nodeOf(node, "VacuumRelation")?.relation);
  return forTables(input, relations) ?? allShards({ transactional: !statement.is_vacuumcmd, changesCatalog: false });
}

export function planReindex(input: PlanInput, statement: ReindexStmt): Plan {
  const isOfOne = statement.kind === "REINDEX_OBJECT_TABLE" || statement.kind === "REINDEX_OBJECT_INDEX";
  const isPartitioned = catalogRelation(input, statement.relation)?.kind === "partitioned-table";
  const transactional = isOfOne && !isPartitioned && !optionIsOn(statement.params, "concurrently");
  const relations = statement.relation === undefined ? [] : [statement.relation];
  return forTables(input, relations) ?? allShards({ transactional, changesCatalog: false });
}

export function planCluster(input: PlanInput, statement: ClusterStmt): Plan {
  const { relation } = statement;
  const isPartitioned = catalogRelation(input, relation)?.kind === "partitioned-table";
  const transactional = relation !== undefined && !isPartitioned;
  return (
    forTables(input, relation === undefined ? [] : [relation]) ?? allShards({ transactional, changesCatalog: false })
  );
}

export function planTruncate(input: PlanInput, statement: TruncateStmt): Plan {
  const relations = rangeVars(statement.relations);
  const isAtHome =
    statement.behavior !== "DROP_CASCADE" &&
    relations.every((name) => catalogRelation(input, name)?.distribution.kind === "unsharded");
  return forTables(input, relations) ?? (isAtHome ? homePlan(input) : allShards({ changesCatalog: false }));
}

export function planLock(input: PlanInput, statement: LockStmt): Plan {
  const relations = rangeVars(statement.relations);
  const isAtHome = relations.every((name) => {
    const relation = catalogRelation(input, name);
    return relation?.distribution.kind === "unsharded" && relation.kind !== "view";
  });
  return forTables(input, relations) ?? (isAtHome ? homePlan(input) : allShards({ changesCatalog: false }));
}

/** The plan when the tables are temporary; undefined when none is. */
function forTables(input: PlanInput, relations: readonly (RangeVar | undefined)[]): Plan | undefined {
  const temporary = relations.filter((name) => isTemporary(input, name));
  if (temporary.length === 0) return undefined;
  if (temporary.length < relations.length) throw refuse("SG077", "temporary and other tables in one command");
  return onTemporary(input);
}

function rangeVars(nodes: readonly Node[] | undefined): RangeVar[] {
  return (nodes ?? []).flatMap((node) => nodeOf(node, "RangeVar") ?? []);
}
