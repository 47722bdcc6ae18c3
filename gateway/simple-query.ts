// The simple query protocol. One statement for one shard goes on as the message that came, and its answer as the bytes
// that come; everything else is carried out statement by statement.
import type { StatementRun } from "../src/executor/execution.ts";
import { singleShardOf } from "../src/executor/resolve-target.ts";
import { emptyQueryResponse } from "../src/pgwire/backend-message.ts";
import { decodeQuery } from "../src/pgwire/frontend-message.ts";
import type { Plan } from "../src/planner/plan.ts";
import { type Normalized, normalize } from "../src/sql/normalize.ts";
import { parse, positionInWhole } from "../src/sql/parse.ts";
import { planText } from "./plan-text.ts";
import { errorOf } from "./refusal.ts";
import { isImplicitlyOpen, runStatement } from "./run-statement.ts";
import { commit, rollback } from "./run-transaction.ts";
import { isPlain, sendToShard } from "./send-to-shard.ts";
import type { Session } from "./session.ts";

const output = { describe: true, formats: [] };
const noTypes: readonly number[] = [];

export function simpleQuery(session: Session, message: Buffer): void {
  let text = "";
  try {
    text = decodeQuery(message);
    session.currentText = text;
    if (session.database.gate.isActive) {
      session.run(() => runStatements(session, text));
      return;
    }
    const normalized = normalize(text);
    if (normalized !== undefined && !normalized.isMulti && !normalized.isEmpty) {
      const plan = planText(session, text, normalized, noTypes);
      if (forwardWhole(session, text, normalized, plan, message)) return;
      if (needsNoTree.has(plan.kind)) {
        session.run(() => runKnown(session, text, normalized, plan));
        return;
      }
    }
  } catch (error) {
    session.run(async () => {
      session.fail(await errorOf(session, text, error), 0);
      session.sayReady();
    });
    return;
  }
  session.run(() => runStatements(session, text));
}

/** True when the message is on its way to its shard. False: it needs more than that. */
function forwardWhole(session: Session, text: string, normalized: Normalized, plan: Plan, message: Buffer): boolean {
  const { transaction, topology } = session;
  if (!isPlain(plan) || transaction.status === "failed" || !session.reads.takeShortWay(plan.readOnly)) return false;
  const run: StatementRun = {
    text,
    offset: 0,
    literals: normalized.literals,
    parameters: undefined,
    parameterTypes: noTypes,
  };
  const shard = singleShardOf(plan.targets, topology, run, transaction.participants.keys());
  if (shard === undefined) return false;
  const { readOnly } = plan;
  sendToShard(session, { shard, bytes: message, needs: [], readOnly, isExtended: false, texts: [text] });
  return true;
}

/** Plans that say nothing about places in the text: the text may be used as it came, with blanks and semicolon. */
const needsNoTree: ReadonlySet<Plan["kind"]> = new Set([
  "transaction",
  "single-shard",
  "scatter",
  "gather",
  "scatter-write",
]);

/** One statement whose plan is at hand. */
async function runKnown(session: Session, text: string, normalized: Normalized, plan: Plan): Promise<void> {
  try {
    const completion = await runPlanned(session, text, normalized, plan, 0, false);
    session.client.write(completion);
  } catch (error) {
    await failed(session, error, 0);
  }
  session.sayReady();
}

async function runStatements(session: Session, text: string): Promise<void> {
  const { client, transaction } = session;
  let offset = 0;
  let current = text;
  try {
    if (session.database.gate.isActive) await session.database.gate.pass(text, session);
    const statements = parse(text);
    const isInSeries = statements.length > 1;
    if (statements.length === 0) client.write(emptyQueryResponse);
    for (const [i, statement] of statements.entries()) {
      offset = positionInWhole(text, statement.start, 0);
      current = statement.text;
      if (isInSeries && transaction.status === "idle") transaction.begin("", false);
      const normalized = normalize(statement.text);
      const plan = planText(session, statement.text, normalized, noTypes);
      const completion = await runPlanned(session, statement.text, normalized, plan, offset, isInSeries);
      if (i === statements.length - 1 && isImplicitlyOpen(session)) await commit(session);
      client.write(completion);
    }
  } catch (error) {
    await failed(session, await errorOf(session, current, error), offset);
  }
  session.sayReady();
}

async function failed(session: Session, error: unknown, offset: number): Promise<void> {
  session.fail(error, offset);
  if (!session.transaction.isExplicit) await rollback(session);
}

function runPlanned(
  session: Session,
  text: string,
  normalized: Normalized | undefined,
  plan: Plan,
  offset: number,
  isInSeries: boolean,
): Promise<Buffer> {
  const run = { text, offset, literals: normalized?.literals ?? [], parameters: undefined, parameterTypes: noTypes };
  return runStatement(session, { run, normalized, output, bound: undefined, isInSeries, isLast: !isInSeries }, plan);
}
