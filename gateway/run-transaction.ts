// BEGIN, COMMIT, ROLLBACK and savepoints, with PostgreSQL's answers also where they make no sense.
import { unreachable } from "../src/base/assert.ts";
import { commandComplete } from "../src/pgwire/backend-message.ts";
import { noticeResponse } from "../src/pgwire/notice.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { TransactionPlan } from "../src/planner/plan.ts";
import { endPrepared, prepareTransaction } from "./run-prepared.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";

/** Resolves with CommandComplete. */
export async function runTransaction(session: Session, statement: Statement, plan: TransactionPlan): Promise<Buffer> {
  const { transaction } = session;
  switch (plan.action) {
    case "begin":
      beginTransaction(session, plan.modes);
      return commandComplete(/^\s*start\b/i.test(statement.run.text) ? "START TRANSACTION" : "BEGIN");
    case "commit":
    case "rollback": {
      if (!transaction.isExplicit) warnNoTransaction(session);
      if (plan.chain && !transaction.isExplicit) throw outsideBlock(`${plan.action.toUpperCase()} AND CHAIN`);
      const { modes } = transaction;
      const tag = plan.action === "commit" ? await commit(session) : await rollback(session);
      if (plan.chain) transaction.begin(modes, true);
      return commandComplete(tag);
    }
    case "savepoint":
      if (!transaction.isExplicit) throw outsideBlock("SAVEPOINT");
      await transaction.savepoint(plan.name);
      return commandComplete("SAVEPOINT");
    case "release":
      if (!transaction.isExplicit) throw outsideBlock("RELEASE SAVEPOINT");
      await transaction.release(plan.name);
      return commandComplete("RELEASE");
    case "rollback-to":
      if (!transaction.isExplicit) throw outsideBlock("ROLLBACK TO SAVEPOINT");
      await transaction.rollbackTo(plan.name);
      await session.rolledBackToSavepoint();
      return commandComplete("ROLLBACK");
    case "prepare":
      if (!transaction.isExplicit) warnNoTransaction(session);
      return commandComplete(await prepareTransaction(session, plan.gid));
    case "commit-prepared":
      return commandComplete(await endPrepared(session, statement, "COMMIT PREPARED", plan.gid));
    case "rollback-prepared":
      return commandComplete(await endPrepared(session, statement, "ROLLBACK PREPARED", plan.gid));
    default:
      return unreachable(plan);
  }
}

function beginTransaction(session: Session, modes: string): void {
  const { transaction, client } = session;
  if (transaction.status === "idle") {
    transaction.begin(modes, true);
    return;
  }
  if (transaction.isExplicit) {
    client.write(noticeResponse("WARNING", "25001", "there is already a transaction in progress"));
    return;
  }
  // Within a message of several statements: what came before belongs to the block as well.
  transaction.isExplicit = true;
}

/** Resolves with the command tag. */
export async function commit(session: Session): Promise<"COMMIT" | "ROLLBACK"> {
  const { transaction } = session;
  if (transaction.status === "idle") return "COMMIT";
  try {
    const { tag, settings } = await transaction.commit();
    await session.transactionEnded(tag === "COMMIT", settings);
    return tag;
  } catch (error) {
    await session.transactionEnded(false, session.settings);
    throw error;
  }
}

export async function rollback(session: Session): Promise<"ROLLBACK"> {
  if (session.transaction.status !== "idle") {
    await session.transaction.rollback();
    await session.transactionEnded(false, session.settings);
  }
  return "ROLLBACK";
}

function warnNoTransaction({ client }: Session): void {
  client.write(noticeResponse("WARNING", "25P01", "there is no transaction in progress"));
}

function outsideBlock(command: string): SqlError {
  return new SqlError({ code: "25P01", message: `${command} can only be used in transaction blocks` });
}
