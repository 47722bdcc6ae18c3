// CREATE TRIGGER, RULE and POLICY: code that will run inside of one shard.
import type { AlterPolicyStmt, CreatePolicyStmt, CreateTrigStmt, RuleStmt } from "@pgsql/types";
import { checkNewTrigger } from "../check-triggers.ts";
import { lastName } from "../definition.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { isShardLocal, readsOf } from "../reads.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation, shardedRelation } from "../relation-of.ts";
import { allShards } from "./all-shards.ts";
import { isTemporary, onTemporary } from "./temporary.ts";

export function planCreateTrigger(input: PlanInput, statement: CreateTrigStmt): Plan {
  if (isTemporary(input, statement.relation)) return onTemporary(input);
  const relation = catalogRelation(input, statement.relation);
  const name = lastName(statement.funcname);
  for (const { schema } of input.catalog.userFunctions.get(name) ?? []) {
    if (relation !== undefined) checkNewTrigger(input, relation, { schema, name });
  }
  return allShards();
}

export function planCreateRule(input: PlanInput, statement: RuleStmt): Plan {
  if (isTemporary(input, statement.relation)) return onTemporary(input);
  const sharded = shardedRelation(input, statement.relation);
  if (sharded !== undefined) throw refuse("SG072", sharded.name);
  const { distributed, reference, functions } = readsOf(input, statement.actions ?? []);
  const [read] = [...distributed, ...reference];
  if (read !== undefined) throw refuse("SG072", read.name);
  if (functions[0] !== undefined) throw refuse("SG063", `${functions[0]}() touches sharded tables`);
  return allShards();
}

export function planPolicy(input: PlanInput, statement: CreatePolicyStmt | AlterPolicyStmt): Plan {
  if (isTemporary(input, statement.table)) return onTemporary(input);
  const sharded = shardedRelation(input, statement.table);
  const { qual, with_check } = statement;
  const reads = readsOf(input, [
    ...(qual === undefined ? [] : [qual]),
    ...(with_check === undefined ? [] : [with_check]),
  ]);
  const isLocal =
    sharded === undefined ? reads.distributed.length === 0 && reads.functions.length === 0 : isShardLocal(reads);
  if (!isLocal)
    throw refuse("SG063", `a policy on "${statement.table?.relname ?? ""}" that reads rows of other shards`);
  return allShards({ changesCatalog: false });
}
