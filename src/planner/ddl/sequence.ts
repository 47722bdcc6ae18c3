// Sequences of distributed tables count in strides, another on every shard; nobody else may set them.
import type { AlterSeqStmt, CreateSeqStmt } from "@pgsql/types";
import type { Relation } from "../../catalog/snapshot.ts";
import { optionsOf } from "../definition.ts";
import type { Plan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { refuse } from "../refuse.ts";
import { catalogRelation } from "../relation-of.ts";
import { wordsIn } from "../touched-by-function.ts";
import { allShards } from "./all-shards.ts";
import { createTemporary, isTemporary, isTemporaryName, onTemporary } from "./temporary.ts";

export function planCreateSequence(input: PlanInput, statement: CreateSeqStmt): Plan {
  if (isTemporaryName(statement.sequence)) return createTemporary(input, statement.sequence);
  return allShards();
}

export function planAlterSequence(input: PlanInput, statement: AlterSeqStmt): Plan {
  if (isTemporary(input, statement.sequence)) return onTemporary(input);
  const sequence = catalogRelation(input, statement.sequence);
  const isCounting = optionsOf(statement.options).some(({ defname }) => defname !== "owned_by" && defname !== "cache");
  if (isCounting && sequence !== undefined && isSequenceOfDistributed(input, sequence)) {
    throw refuse("SG079", sequence.name);
  }
  return allShards();
}

/** Whether a distributed table takes a default from it. */
export function isSequenceOfDistributed(input: PlanInput, sequence: Relation): boolean {
  if (sequence.kind !== "sequence") return false;
  for (const relation of input.catalog.relationsByOid.values()) {
    if (relation.distribution.kind !== "distributed") continue;
    if (relation.columns.some(({ defaultSql }) => defaultSql !== undefined && wordsIn(defaultSql).has(sequence.name))) {
      return true;
    }
  }
  return false;
}
