// The plan of a query or of UPDATE, DELETE and MERGE, with what its functions ask for; and the plan of a query that the
// gateway has written itself, as the source of another plan.
import type { Node } from "@pgsql/types";
import { AppError } from "../base/app-error.ts";
import { deparse } from "../sql/deparse.ts";
import { checkSetval } from "./check-setval.ts";
import { refuseDistribute } from "./distribute.ts";
import { functionDemands, withFunctionDemands } from "./functions.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planQuery } from "./plan-query.ts";
import { refuse } from "./refuse.ts";
import { refuseSetConfig } from "./set-config.ts";
import { refuseTransactionStatus } from "./transaction-status.ts";

export function planRows(input: PlanInput): Plan {
  const { tree } = input.statement;
  refuseDistribute(tree);
  refuseTransactionStatus(tree);
  refuseSetConfig(tree);
  const readsLiterals = checkSetval(input, tree);
  const demands = functionDemands(tree, input.catalog.hasShardedTables);
  const plan = withFunctionDemands(planQuery(input), demands);
  return readsLiterals && plan.kind === "single-shard" ? { ...plan, anyLiterals: false } : plan;
}

/**
 * A plan that answers this query with its own text, not the client's; parameters are the client's. Nothing in it has to be
 * planned again when it runs.
 */
export function planSource(input: PlanInput, query: Node): Plan {
  const text = sqlOf(query);
  const own: PlanInput = { ...input, statement: { tree: query, text }, normalized: undefined };
  const plan = planRows(own);
  if (plan.kind !== "single-shard") return plan;
  const isCertain = plan.targets.every((target) => target.kind === "home" || target.kind === "any");
  const otherwise = isCertain || input.ignoreKeys ? undefined : planSource({ ...input, ignoreKeys: true }, query);
  return { ...plan, sql: text, otherwise, anyLiterals: false };
}

/** Text of a tree; what cannot be written faithfully is refused. */
export function sqlOf(tree: Node): string {
  try {
    return deparse(tree);
  } catch (error) {
    if (error instanceof AppError && error.code === "deparse-mismatch")
      throw refuse("SG001", "its text cannot be rewritten");
    throw error;
  }
}
