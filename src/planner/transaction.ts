// BEGIN, COMMIT, ROLLBACK, savepoints and PREPARE TRANSACTION as plans. The gateway keeps the transaction; a shard joins
// at its first statement, so BEGIN's modes travel as text that every participant's own BEGIN gets.
import type { Node, TransactionStmt } from "@pgsql/types";
import { assert } from "../base/assert.ts";
import type { TransactionPlan } from "./plan.ts";

export function planTransaction(statement: TransactionStmt): TransactionPlan {
  const kind = "transaction";
  const chain = statement.chain ?? false;
  switch (statement.kind) {
    case "TRANS_STMT_BEGIN":
    case "TRANS_STMT_START":
      return { kind, action: "begin", modes: transactionModes(statement.options) };
    case "TRANS_STMT_COMMIT":
      return { kind, action: "commit", chain };
    case "TRANS_STMT_ROLLBACK":
      return { kind, action: "rollback", chain };
    case "TRANS_STMT_SAVEPOINT":
      return { kind, action: "savepoint", name: statement.savepoint_name ?? "" };
    case "TRANS_STMT_RELEASE":
      return { kind, action: "release", name: statement.savepoint_name ?? "" };
    case "TRANS_STMT_ROLLBACK_TO":
      return { kind, action: "rollback-to", name: statement.savepoint_name ?? "" };
    case "TRANS_STMT_PREPARE":
      return { kind, action: "prepare", gid: statement.gid ?? "" };
    case "TRANS_STMT_COMMIT_PREPARED":
      return { kind, action: "commit-prepared", gid: statement.gid ?? "" };
    case "TRANS_STMT_ROLLBACK_PREPARED":
      return { kind, action: "rollback-prepared", gid: statement.gid ?? "" };
    default:
      assert(false, `transaction statement without a kind: ${statement.kind}`);
  }
}

/** The modes of BEGIN or SET TRANSACTION as SQL text, "" when there are none: "ISOLATION LEVEL SERIALIZABLE, READ ONLY". */
export function transactionModes(options: readonly Node[] | undefined): string {
  return transactionSettings(options)
    .map(({ name, value }) => modeText(name, value))
    .join(", ");
}

/** The modes as the settings that they are: `transaction_isolation` = "read committed", the others "on" or "off". */
export function transactionSettings(options: readonly Node[] | undefined): { name: string; value: string }[] {
  return (options ?? []).map((option) => {
    assert("DefElem" in option, "a transaction mode is a DefElem");
    const { defname = "", arg } = option.DefElem;
    assert(arg !== undefined && "A_Const" in arg, "a transaction mode has a constant");
    const text = arg.A_Const.sval?.sval;
    return { name: defname, value: text ?? (arg.A_Const.ival?.ival ? "on" : "off") };
  });
}

function modeText(name: string, value: string): string {
  if (name === "transaction_isolation") return `ISOLATION LEVEL ${value.toUpperCase()}`;
  if (name === "transaction_read_only") return value === "on" ? "READ ONLY" : "READ WRITE";
  return value === "on" ? "DEFERRABLE" : "NOT DEFERRABLE";
}
