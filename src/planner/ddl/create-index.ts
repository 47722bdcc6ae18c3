// CREATE INDEX: a unique one on a distributed table must contain the shard key. CONCURRENTLY runs shard by shard.
import type { IndexStmt } from "@pgsql/types";
import { quoteQualified } from "../../sql/names.ts";
import { nodeOf } from "../../sql/walk.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { catalogRelation } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { checkUnique } from "./constraint.ts";
import { isTemporary, onTemporary } from "./temporary.ts";

export function planCreateIndex(input: PlanInput, statement: IndexStmt): Plan {
  if (isTemporary(input, statement.relation)) return onTemporary(input);
  const relation = catalogRelation(input, statement.relation);
  if (relation !== undefined && statement.unique) {
    const columns = (statement.indexParams ?? []).flatMap((node) => nodeOf(node, "IndexElem")?.name ?? []);
    checkUnique(relation, columns, "a unique index");
  }
  const { idxname } = statement;
  if (!statement.concurrent) return allShards({ changesCatalog: false });
  const canUndo = idxname !== undefined && relation !== undefined && !statement.if_not_exists;
  const undo = canUndo ? `DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(relation.schema, idxname)}` : undefined;
  return allShards({ transactional: false, undo, changesCatalog: false });
}
