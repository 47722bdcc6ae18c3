// DROP of anything but databases, roles and tablespaces. What belongs to the gateway stays.
import type { DropStmt, Node } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { namesOf } from "../definition.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { rangeVarOfNames } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { isTemporary, isTemporaryName, onTemporary } from "./temporary.ts";

const relationTypes: ReadonlySet<string> = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_SEQUENCE",
  "OBJECT_INDEX",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
]);

export function planDrop(input: PlanInput, statement: DropStmt): Plan {
  const names = (statement.objects ?? []).map(objectName);
  if (statement.removeType === "OBJECT_SCHEMA" && names.some((name) => name.at(-1) === "shardgres")) {
    throw refuse("SG073", "schema shardgres");
  }
  const relations = relationTypes.has(statement.removeType ?? "") ? names.map(rangeVarOfNames) : [];
  const temporary = relations.filter((name) => isTemporary(input, name) || isTemporaryName(name));
  if (temporary.length > 0) {
    if (temporary.length < relations.length) throw refuse("SG077", "drop temporary and other tables apart");
    return { ...onTemporary(input), dropsTemporary: temporary.map(({ relname = "" }) => relname) };
  }
  return allShards({ transactional: !statement.concurrent });
}

function objectName(node: Node): string[] {
  const list = nodeOf(node, "List");
  return list === undefined ? namesOf([node]) : namesOf(list.items);
}
