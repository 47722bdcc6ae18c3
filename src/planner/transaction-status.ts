// SELECT shardgres.transaction_status('gid'): what became of a distributed transaction. Its keeper knows, and the gid says
// which shard that is; so a call must stand alone, or it would be answered by whichever shard carries out the statement.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { nodeOf } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { namesOf } from "./definition.ts";
import type { TransactionStatusPlan } from "./plan.ts";
import { refuse } from "./refuse.ts";
import { argumentOf } from "./set-config.ts";

/** undefined: no such call in it. */
export function planTransactionStatus(query: SelectStmt): TransactionStatusPlan | undefined {
  if (!callsIn({ SelectStmt: query }).some(isTransactionStatus)) return undefined;
  const { targetList = [], op, limitOption, ...others } = query;
  const isBare = op === "SETOP_NONE" && limitOption === "LIMIT_OPTION_DEFAULT" && Object.keys(others).length === 0;
  const call = nodeOf(nodeOf(targetList[0], "ResTarget")?.val, "FuncCall");
  const gid = call?.args?.[0] === undefined ? undefined : argumentOf(call.args[0]);
  if (!isBare || targetList.length !== 1 || gid === undefined) throw refuse("SG076", "transaction_status");
  return { kind: "transaction-status", gid };
}

/** Throws when a statement of another kind calls it. */
export function refuseTransactionStatus(tree: Node): void {
  if (callsIn(tree).some(isTransactionStatus)) throw refuse("SG076", "transaction_status");
}

function isTransactionStatus(call: FuncCall): boolean {
  const names = namesOf(call.funcname);
  return names.at(-1) === "transaction_status" && names[0] === "shardgres";
}
