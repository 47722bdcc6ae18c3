// Carries out one statement by its plan. What it gives is the CommandComplete, which the caller sends once it knows that
// the statement counts: for the last one of an implicit transaction that is after the commit.
import { unreachable } from "../src/base/assert.ts";
import { copyIn } from "../src/executor/copy-in.ts";
import { copyOut } from "../src/executor/copy-out.ts";
import type { Execution } from "../src/executor/execution.ts";
import { gather } from "../src/executor/gather.ts";
import { insertSelect } from "../src/executor/insert-select.ts";
import { splitInsert } from "../src/executor/insert-split.ts";
import { KeysUnusable } from "../src/executor/keys-unusable.ts";
import { singleShardOf } from "../src/executor/resolve-target.ts";
import { clientTaker, type RowTaker, scatter } from "../src/executor/scatter.ts";
import { scatterWrite, writeEverywhere } from "../src/executor/scatter-write.ts";
import { commandComplete, copyInResponse } from "../src/pgwire/backend-message.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Plan, SingleShardPlan } from "../src/planner/plan.ts";
import { refuse } from "../src/planner/refuse.ts";
import { explainLoss, fateOf, type Stake } from "../src/transaction/lost-connection.ts";
import { ClientGone } from "./client-connection.ts";
import { CopyStream } from "./copy-from-client.ts";
import { forward } from "./forward.ts";
import { planAnew } from "./plan-text.ts";
import { checkOnStandby, type ReadAttempt, reading } from "./read-attempt.ts";
import { reserve } from "./reserved-connections.ts";
import { runAllShards } from "./run-all-shards.ts";
import { runDistribute } from "./run-distribute.ts";
import { runScript, runSessionPlan } from "./run-session-plan.ts";
import { runSet, runSetConfig } from "./run-set.ts";
import { commit, rollback, runTransaction } from "./run-transaction.ts";
import { runTransactionStatus } from "./run-transaction-status.ts";
import { type Effect, effectOf, SecondChance } from "./second-chance.ts";
import type { Session } from "./session.ts";
import { showExplain, showGatewayTable } from "./show.ts";
import type { Statement } from "./statement.ts";
import { StatementLeases } from "./statement-leases.ts";

export async function runStatement(session: Session, statement: Statement, plan: Plan): Promise<Buffer> {
  if (session.lost !== undefined) session.fatal(session.lost);
  if (session.isEnded) throw new ClientGone();
  session.interrupts.check();
  if (session.transaction.status === "failed" && !endsFailedTransaction(plan)) throw transactionAborted();
  if (session.clock.isOn) session.clock.statementBegins(session.transaction.status !== "idle");
  if (session.transaction.status !== "idle" || statement.isInSeries || statement.taker !== undefined) {
    return runOnce(session, statement, plan);
  }
  const { client } = session;
  const writes = client.writes;
  for (let chance: SecondChance | undefined; ; ) {
    try {
      const completion = await runOnce(session, statement, plan);
      if (statement.isLast && isImplicitlyOpen(session)) await commit(session);
      return completion;
    } catch (error) {
      if (fateOf(error) === undefined || client.writes > writes) throw error;
      chance ??= new SecondChance(session);
      // It is this statement's own.
      if (isImplicitlyOpen(session)) await rollback(session);
      if (!(await chance.mayTryAgain(error, effectOfPlan(plan, statement)))) throw error;
    }
  }
}

export function isImplicitlyOpen({ transaction }: Session): boolean {
  return transaction.status === "open" && !transaction.isExplicit;
}

async function runOnce(session: Session, statement: Statement, plan: Plan): Promise<Buffer> {
  try {
    // No value can come with a simple query: the shard says so.
    if (statement.run.parameters === undefined && (statement.normalized?.parameterMax ?? 0) > 0 && isQuery(plan)) {
      return await runSingleShard(session, statement, homePlan);
    }
    return await runPlan(session, statement, plan);
  } catch (error) {
    if (!(error instanceof KeysUnusable)) throw explainLoss(error, stakeOf(session, plan));
    const { text, parameterTypes } = statement.run;
    const anew = planAnew(session, text, parameterTypes, true);
    try {
      return await runPlan(session, statement, anew);
    } catch (reason) {
      throw explainLoss(reason, stakeOf(session, anew));
    }
  }
}

/** What is lost when a connection is lost while a statement runs. */
function stakeOf({ transaction }: Session, plan: Plan): Stake {
  if (transaction.status !== "idle") return "transaction";
  switch (plan.kind) {
    case "single-shard":
    case "copy-out":
      return plan.readOnly ? "read" : "outcome";
    case "all-shards":
      return "outcome";
    default:
      return "read";
  }
}

function effectOfPlan(plan: Plan, { run }: Statement): Effect {
  switch (plan.kind) {
    case "single-shard":
    case "scatter":
    case "gather":
      return effectOf(plan.readOnly, [run.text]);
    case "scatter-write":
    case "insert-split":
    case "insert-select":
      return "undoable";
    case "copy-out":
      return plan.readOnly ? "none" : "undoable";
    case "set":
    case "transaction-status":
      return "none";
    default:
      return "lasting";
  }
}

const homePlan: SingleShardPlan = {
  kind: "single-shard",
  targets: [{ kind: "home" }],
  readOnly: false,
  otherwise: undefined,
  anyLiterals: true,
};

function isQuery({ kind }: Plan): boolean {
  return ["single-shard", "scatter", "gather", "scatter-write", "insert-split", "insert-select"].includes(kind);
}

export function transactionAborted(): SqlError {
  return new SqlError({
    code: "25P02",
    message: "current transaction is aborted, commands ignored until end of transaction block",
  });
}

/** The commands that PostgreSQL accepts in a failed transaction. */
export function endsFailedTransaction(plan: Plan): boolean {
  if (plan.kind !== "transaction") return false;
  return ["commit", "rollback", "rollback-to", "prepare"].includes(plan.action);
}

async function runPlan(session: Session, statement: Statement, plan: Plan): Promise<Buffer> {
  switch (plan.kind) {
    case "single-shard":
      return reading(session, statement, plan.readOnly && plan.onPrimary !== true, (attempt) =>
        runSingleShard(session, statement, plan, attempt),
      );
    case "scatter":
      return reading(session, statement, plan.readOnly, (attempt) => {
        const work = async (execution: Execution, taker: RowTaker) =>
          commandComplete(`SELECT ${await scatter(plan, execution, taker)}`);
        return withExecution(session, statement, !plan.readOnly, work, attempt);
      });
    case "gather":
      return reading(session, statement, plan.readOnly, (attempt) => {
        const work = async (execution: Execution, taker: RowTaker) =>
          commandComplete(`SELECT ${await gather(plan, execution, taker)}`);
        return withExecution(session, statement, !plan.readOnly, work, attempt);
      });
    case "scatter-write":
      return withExecution(session, statement, true, async (execution, taker) =>
        commandComplete(await scatterWrite(plan, execution, taker)),
      );
    case "insert-split":
      return withExecution(session, statement, true, async (execution, taker) => {
        const split = splitInsert(plan, execution);
        if (split !== undefined) {
          const { sqlByShard, order } = split;
          return commandComplete(await writeEverywhere(sqlByShard, false, execution, taker, new Map(), order));
        }
        if (plan.otherwise === undefined) throw new KeysUnusable();
        return runPlan(session, statement, plan.otherwise);
      });
    case "insert-select":
      return withExecution(session, statement, true, async (execution, taker) =>
        commandComplete(await insertSelect(plan, execution, taker)),
      );
    case "copy-in":
      return withExecution(session, statement, true, async (execution) => {
        const stream = new CopyStream(session.client, () => {
          session.copy = undefined;
        });
        const input = {
          start(format: 0 | 1, columns: number) {
            session.client.write(copyInResponse(format, columns));
            session.beginCopy(stream, statement.bound !== undefined);
          },
          [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
        };
        try {
          return commandComplete(await copyIn(plan, execution, input));
        } finally {
          stream.close();
        }
      });
    case "copy-out": {
      const { transaction } = session;
      // What may write has to be committed. All of it sees the shards at one moment, as it would outside of a transaction.
      if (!plan.readOnly && transaction.status === "idle" && transaction.isolation === "read committed") {
        transaction.begin("ISOLATION LEVEL REPEATABLE READ", false);
      }
      return withExecution(session, statement, !plan.readOnly, async (execution) =>
        commandComplete(await copyOut(plan, execution)),
      );
    }
    case "all-shards":
      return runAllShards(session, statement, plan);
    case "distribute":
      return withExecution(session, statement, true, (execution, taker) =>
        runDistribute(session, plan, execution, taker),
      );
    case "transaction":
      return runTransaction(session, statement, plan);
    case "transaction-status":
      return runTransactionStatus(session, statement, plan);
    case "set":
      return runSet(session, statement, plan);
    case "set-config":
      return runSetConfig(session, statement, plan);
    case "explain":
      return showExplain(session, statement, plan);
    case "script":
      return runScript(session, statement, plan);
    case "show":
      return showGatewayTable(session, statement, plan.name);
    case "discard":
    case "prepare":
    case "execute":
    case "deallocate":
    case "cursor":
      return runSessionPlan(session, statement, plan);
    default:
      return unreachable(plan);
  }
}

/** Runs `work` in the transaction that is open; without one, in an implicit one when it needs it. */
export async function withExecution<T>(
  session: Session,
  statement: Statement,
  needsTransaction: boolean,
  work: (execution: Execution, taker: RowTaker) => Promise<T>,
  attempt?: ReadAttempt,
): Promise<T> {
  if (needsTransaction && session.transaction.status === "idle") session.transaction.begin("", false);
  const leases = new StatementLeases(session, attempt);
  try {
    const run = await withParameterTypes(session, statement, leases);
    const execution = session.execution(run, statement.output, leases);
    return await work(execution, statement.taker ?? clientTaker(execution));
  } finally {
    leases.release();
  }
}

/** Parameters travel with their types to several shards, so all of them must be known: PostgreSQL infers them once. */
async function withParameterTypes(
  session: Session,
  { run, bound, output }: Statement,
  leases: StatementLeases,
): Promise<Statement["run"]> {
  if (bound === undefined || bound.bind.parameters.count === 0) return run;
  const { shared } = bound;
  if (shared.parameterTypes === undefined) {
    const execution = session.execution(run, output, leases);
    const { parameterTypes } = await session.gateway.descriptions.describe(
      execution.scope,
      shared.text,
      shared.declaredTypes,
      await execution.participant(session.topology.home),
    );
    shared.parameterTypes = parameterTypes;
  }
  return { ...run, parameterTypes: shared.parameterTypes };
}

async function runSingleShard(
  session: Session,
  statement: Statement,
  plan: SingleShardPlan,
  attempt?: ReadAttempt,
): Promise<Buffer> {
  const { transaction, topology } = session;
  // A cursor that may be anywhere is declared at home, where pg_cursors is read.
  const preferred = plan.declaresCursor === undefined ? transaction.participants.keys() : [topology.home];
  const shard = singleShardOf(plan.targets, topology, statement.run, preferred);
  if (shard === undefined) {
    if (plan.otherwise === undefined) throw new KeysUnusable();
    return runPlan(session, statement, plan.otherwise);
  }
  // Right where the session has kept the connection, or is still in the transaction that called nextval.
  const keepsConnection = session.reserved.has(shard) || transaction.hasCalledNextval;
  if (plan.needsReservation === true && !keepsConnection) throw refuse("SG083");
  const leases = new StatementLeases(session, attempt);
  try {
    const participant = transaction.status === "open" ? await transaction.join(shard) : await leases.participant(shard);
    if (participant.lease.standby !== undefined && !plan.readOnly) checkOnStandby(plan, statement.run.text);
    if (!plan.readOnly) participant.wrote = true;
    // From here on the shard keeps the time.
    session.clock.statementSent(transaction.status === "open");
    if (plan.reserve !== undefined) reserve(session, shard, participant, leases);
    const completion = await forward(session, participant, statement);
    if (plan.declaresCursor !== undefined) {
      session.cursors.add(plan.declaresCursor, shard, plan.reserve === "WITH HOLD cursor");
    }
    if (plan.createsTemporary !== undefined) session.temporaryTables.add(plan.createsTemporary);
    if (plan.dropsTemporary !== undefined) await session.temporaryTables.read(participant);
    return completion;
  } finally {
    leases.release();
  }
}
