// Statements about the session itself: DISCARD, SQL's PREPARE and EXECUTE, cursors, and scripts of several statements.
import { unreachable } from "../src/base/assert.ts";
import { rowsOfTag } from "../src/executor/shard-rows.ts";
import { commandComplete } from "../src/pgwire/backend-message.ts";
import type { BoundParameters } from "../src/pgwire/frontend-message.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { ScriptPlan, SessionPlan } from "../src/planner/plan.ts";
import { normalize } from "../src/sql/normalize.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { describeStatement } from "./describe-statement.ts";
import { forward } from "./forward.ts";
import { planText } from "./plan-text.ts";
import { runStatement, withExecution } from "./run-statement.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";
import { StatementLeases } from "./statement-leases.ts";

type Plan = Exclude<SessionPlan, { kind: "show" }>;

/** Resolves with CommandComplete. */
export async function runSessionPlan(session: Session, statement: Statement, plan: Plan): Promise<Buffer> {
  switch (plan.kind) {
    case "discard":
      return discard(session, plan.what);
    case "prepare":
      return prepare(session, statement, plan);
    case "execute":
      return execute(session, statement, plan);
    case "deallocate":
      if (plan.name === undefined) session.extended.statements.clear();
      else if (!session.extended.statements.delete(plan.name)) throw noSuchStatement(plan.name);
      return commandComplete(plan.name === undefined ? "DEALLOCATE ALL" : "DEALLOCATE");
    case "cursor":
      return cursor(session, statement, plan);
    default:
      return unreachable(plan);
  }
}

function discard(session: Session, what: "all" | "plans" | "sequences" | "temp"): Buffer {
  if (what === "all") {
    if (session.transaction.status !== "idle") {
      throw new SqlError({ code: "25001", message: "DISCARD ALL cannot run inside a transaction block" });
    }
    session.settings = session.startupSettings;
    session.extended.statements.clear();
    session.resetPath();
    session.limits.changed();
  }
  if (what === "all" || what === "temp") {
    // What these connections remember goes with them.
    for (const lease of session.reserved.values()) lease.discard();
    session.reserved.clear();
    session.temporaryTables.clear();
    session.cursors.clear();
  }
  return commandComplete(`DISCARD ${what.toUpperCase()}`);
}

async function prepare(session: Session, statement: Statement, plan: Plan & { kind: "prepare" }): Promise<Buffer> {
  if (session.extended.statements.has(plan.name)) {
    throw new SqlError({ code: "42P05", message: `prepared statement "${plan.name}" already exists` });
  }
  await withExecution(session, statement, false, async (execution) => {
    const home = await execution.participant(session.topology.home);
    const types: number[] = [];
    for (const type of plan.types) {
      types.push(Number(await home.queryText(`SELECT '${type.replaceAll("'", "''")}'::regtype::oid`)));
    }
    const shared = session.gateway.statements.get(plan.sql, types);
    const description = await session.gateway.descriptions.describe(execution.scope, plan.sql, types, home);
    shared.parameterTypes = description.parameterTypes;
    session.extended.statements.set(plan.name, { shared, isUncertain: false });
  });
  return commandComplete("PREPARE");
}

/** The arguments are expressions: a shard evaluates them, and the statement runs with their values as parameters. */
async function execute(session: Session, statement: Statement, plan: Plan & { kind: "execute" }): Promise<Buffer> {
  const prepared = session.extended.statements.get(plan.name);
  if (prepared === undefined) throw noSuchStatement(plan.name);
  const { shared } = prepared;
  const types = shared.parameterTypes ?? (await describeStatement(session, shared)).parameterTypes;
  if (types.length !== plan.arguments.length) {
    throw new SqlError({
      code: "42601",
      message: `wrong number of parameters for prepared statement "${plan.name}"`,
      detail: `Expected ${types.length} parameters but got ${plan.arguments.length}.`,
    });
  }
  const values: (string | null)[] = [];
  if (types.length > 0) {
    await withExecution(session, statement, false, async (execution) => {
      const home = await execution.participant(session.topology.home);
      for (const [i, argument] of plan.arguments.entries()) {
        const type = await home.queryText(`SELECT pg_catalog.format_type(${types[i]}, NULL)`);
        const encoded = await home.queryText(`SELECT pg_catalog.to_json((${argument})::${type}::text)::text`);
        values.push(encoded === "" ? null : (JSON.parse(encoded) as string));
      }
    });
  }
  const parameters = textParameters(values);
  return runStatement(
    session,
    {
      ...statement,
      run: {
        text: shared.text,
        offset: 0,
        literals: shared.normalized?.literals ?? [],
        parameters,
        parameterTypes: types,
      },
      normalized: shared.normalized,
    },
    planText(session, shared.text, shared.normalized, types),
  );
}

function textParameters(values: readonly (string | null)[]): BoundParameters {
  const buffers = values.map((value) => Buffer.from(value ?? ""));
  const starts: number[] = [];
  let at = 0;
  for (const buffer of buffers) {
    starts.push(at);
    at += buffer.length;
  }
  return {
    count: values.length,
    formats: [],
    bytes: Buffer.concat(buffers),
    starts,
    lengths: values.map((value, i) => (value === null ? -1 : buffers[i]!.length)),
  };
}

async function cursor(session: Session, statement: Statement, plan: Plan & { kind: "cursor" }): Promise<Buffer> {
  const { transaction, cursors, topology } = session;
  const shard = (plan.name === undefined ? undefined : cursors.shardOf(plan.name)) ?? topology.home;
  const leases = new StatementLeases(session);
  const at = (name: ShardName) => (transaction.status === "open" ? transaction.join(name) : leases.participant(name));
  try {
    const completion = await forward(session, await at(shard), statement);
    if (plan.name === undefined) {
      for (const other of cursors.shards()) if (other !== shard) await (await at(other)).run("CLOSE ALL");
      cursors.clear();
    } else if (plan.closes) {
      cursors.delete(plan.name);
    }
    return completion;
  } finally {
    leases.release();
  }
}

/** Several statements for one: they share a transaction, and the client sees one answer. */
export async function runScript(session: Session, statement: Statement, plan: ScriptPlan): Promise<Buffer> {
  let count = 0;
  for (const text of plan.statements) {
    const normalized = normalize(text);
    const completion = await runStatement(
      session,
      {
        run: { text, offset: 0, literals: normalized?.literals ?? [], parameters: undefined, parameterTypes: [] },
        normalized,
        output: statement.output,
        bound: undefined,
        isInSeries: true,
      },
      planText(session, text, normalized, []),
    );
    count = rowsOfTag(completion.toString("utf8", 5, completion.length - 1));
  }
  return commandComplete(plan.tag.replace("$n", String(count)));
}

function noSuchStatement(name: string): SqlError {
  return new SqlError({ code: "26000", message: `prepared statement "${name}" does not exist` });
}
