// Sequences of distributed tables count in strides, another on every shard; nobody else may set them.
import type { AlterSeqStmt, CreateSeqStmt, RangeVar } from "@pgsql/types";
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
  const isCounting = optionsOf(statement.options).some(({ defname }) => defname !== "owned_by" && defname !== "cache");
  if (isCounting && isSequenceOfDistributed(input, statement.sequence)) {
    throw refuse("SG079", statement.sequence?.relname ?? "");
  }
  return allShards();
}

/** Whether a distributed table takes a default from it. */
export function isSequenceOfDistributed(input: PlanInput, name: RangeVar | undefined): boolean {
  const sequence = catalogRelation(input, name);
  if (sequence?.kind !== "sequence") return false;
  for (const relation of input.catalog.relationsByOid.values()) {
    if (relation.distribution.kind !== "distributed") continue;
    if (relation.columns.some(({ defaultSql }) => defaultSql !== undefined && wordsIn(defaultSql).has(sequence.name))) {
      return true;
    }
  }
  return false;
}
