// From a statement's tree to its plan, for every statement of PostgreSQL's grammar: who plans what.
import type { Node, SelectStmt } from "@pgsql/types";
import { checkPendingKeys } from "./check-pending-keys.ts";
import { checkSetval } from "./check-setval.ts";
import { planCall, planDo } from "./code-block.ts";
import { planCopy } from "./copy.ts";
import { planClose, planDeclareCursor, planFetch } from "./cursor.ts";
import { planSelectInto } from "./ddl/create-table-as.ts";
import { planDdl } from "./ddl/plan-ddl.ts";
import { planDistribute, refuseDistribute } from "./distribute.ts";
import { planExplain } from "./explain.ts";
import { functionDemands, withFunctionDemands } from "./functions.ts";
import { homePlan } from "./home-plan.ts";
import { planInsert } from "./insert.ts";
import { orMissingRelation } from "./missing-relation.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRows } from "./plan-rows.ts";
import { planDeallocate, planExecute, planPrepare } from "./prepare.ts";
import { planSet } from "./set.ts";
import { planSetConfig, refuseSetConfig } from "./set-config.ts";
import { planShow } from "./show.ts";
import { planTransaction } from "./transaction.ts";
import { planTransactionStatus, refuseTransactionStatus } from "./transaction-status.ts";

/** Throws SqlError for what is refused, and for what PostgreSQL itself would not take. */
export function planStatement(input: PlanInput): Plan {
  const { tree, text } = input.statement;
  checkPendingKeys(input);
  if ("SelectStmt" in tree) return planSelect(input, tree.SelectStmt);
  if ("InsertStmt" in tree || "UpdateStmt" in tree || "DeleteStmt" in tree || "MergeStmt" in tree) {
    return planWrite(input, tree);
  }
  if ("TransactionStmt" in tree) return planTransaction(tree.TransactionStmt);
  if ("VariableSetStmt" in tree) return planSet(tree.VariableSetStmt, text);
  if ("VariableShowStmt" in tree) return planShow(input, tree.VariableShowStmt);
  if ("DiscardStmt" in tree) return { kind: "discard", what: discarded[tree.DiscardStmt.target ?? "DISCARD_ALL"] };
  if ("PrepareStmt" in tree) return planPrepare(tree.PrepareStmt, text);
  if ("ExecuteStmt" in tree) return planExecute(tree.ExecuteStmt, text);
  if ("DeallocateStmt" in tree) return planDeallocate(tree.DeallocateStmt);
  if ("DeclareCursorStmt" in tree) return planDeclareCursor(input, tree.DeclareCursorStmt);
  if ("FetchStmt" in tree) return planFetch(tree.FetchStmt);
  if ("ClosePortalStmt" in tree) return planClose(tree.ClosePortalStmt);
  if ("ListenStmt" in tree) return { ...homePlan(input), reserve: "LISTEN" };
  if ("UnlistenStmt" in tree || "NotifyStmt" in tree) return homePlan(input);
  if ("CopyStmt" in tree) return planCopy(input, tree.CopyStmt);
  if ("ExplainStmt" in tree) return planExplain(input, tree.ExplainStmt, planStatement);
  if ("DoStmt" in tree) return planDo(input, tree.DoStmt);
  if ("CallStmt" in tree) return planCall(input, tree.CallStmt);
  return planDdl(input);
}

const discarded = {
  DISCARD_ALL: "all",
  DISCARD_PLANS: "plans",
  DISCARD_SEQUENCES: "sequences",
  DISCARD_TEMP: "temp",
} as const;

function planSelect(input: PlanInput, query: SelectStmt): Plan {
  const own =
    planSelectInto(input, query) ??
    planDistribute(query) ??
    planTransactionStatus(query) ??
    planSetConfig(input, query);
  return own ?? orMissingRelation(input, () => planRows(input));
}

function planWrite(input: PlanInput, tree: Node): Plan {
  if (!("InsertStmt" in tree)) return orMissingRelation(input, () => planRows(input));
  refuseDistribute(tree);
  refuseTransactionStatus(tree);
  refuseSetConfig(tree);
  const readsLiterals = checkSetval(input, tree);
  const plan = orMissingRelation(input, () => planInsert(input, tree.InsertStmt));
  // Other plans have looked at their parts themselves.
  if (plan.kind !== "single-shard") return plan;
  const bound = withFunctionDemands(plan, functionDemands(tree, input.catalog.hasShardedTables));
  return readsLiterals && bound.kind === "single-shard" ? { ...bound, anyLiterals: false } : bound;
}
