// Parameters and columns of a prepared statement, as PostgreSQL itself sees them.

import type { UserTypes } from "../src/catalog/user-types.ts";
import type { Description } from "../src/executor/description-cache.ts";
import { oid } from "../src/pgwire/oid.ts";
import { type Field, gatewayField } from "../src/pgwire/row-description.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Plan } from "../src/planner/plan.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { planned } from "./planned.ts";
import { SecondChance } from "./second-chance.ts";
import type { Session } from "./session.ts";
import type { SharedStatement } from "./shared-statements.ts";
import { shownColumns } from "./show.ts";
import { StatementLeases } from "./statement-leases.ts";

/** Rejects with the error that PostgreSQL has for the statement. */
export async function describeStatement(session: Session, shared: SharedStatement, plan?: Plan): Promise<Description> {
  for (let chance: SecondChance | undefined; ; ) {
    try {
      return await describeOnce(session, shared, plan);
    } catch (error) {
      if (session.transaction.status !== "idle") throw error;
      chance ??= new SecondChance(session);
      if (!(await chance.mayTryAgain(error, "none"))) throw error;
    }
  }
}

async function describeOnce(session: Session, shared: SharedStatement, plan: Plan | undefined): Promise<Description> {
  if (plan?.kind === "execute") return describePrepared(session, plan.name);
  const own = plan === undefined ? undefined : gatewayDescription(shared, plan);
  if (own !== undefined) {
    shared.parameterTypes = own.parameterTypes;
    return own;
  }
  const { transaction, topology } = session;
  const leases = new StatementLeases(session);
  const output = { describe: false, formats: [] };
  const run = { text: shared.text, offset: 0, literals: [], parameters: undefined, parameterTypes: [] };
  const execution = session.execution(run, output, leases);
  try {
    const participant = await execution.participant(transaction.participants.keys().next().value ?? topology.home);
    const { shard } = participant;
    const { userTypes } = execution;
    const description = await session.gateway.descriptions.describe(
      execution.scope,
      shared.text,
      shared.declaredTypes.map((typeOid) => userTypes.toShard(shard, typeOid)),
      participant,
    );
    const parameterTypes = description.parameterTypes.map((typeOid) => userTypes.toHome(shard, typeOid));
    shared.parameterTypes = parameterTypes;
    return { parameterTypes, fields: description.fields?.map((field) => atHome(field, shard, userTypes)) };
  } finally {
    leases.release();
  }
}

function atHome(field: Field, shard: ShardName, userTypes: UserTypes): Field {
  return { ...field, typeOid: userTypes.toHome(shard, field.typeOid) };
}

/** What no shard knows. */
function gatewayDescription(shared: SharedStatement, plan: Plan): Description | undefined {
  const text = (name: string) => gatewayField(name, oid.text);
  switch (plan.kind) {
    case "show":
      return { parameterTypes: [], fields: shownColumns(plan.name)?.map(text) };
    case "explain":
      return { parameterTypes: [], fields: [text("QUERY PLAN")] };
    case "distribute": {
      const count = shared.normalized?.parameterMax ?? 0;
      return {
        parameterTypes: Array.from({ length: count }, (_, i) => shared.declaredTypes[i] || oid.text),
        fields: [gatewayField(plan.resultColumn, 2278, 4)],
      };
    }
    case "transaction":
    case "deallocate":
    case "discard":
    case "prepare":
      return { parameterTypes: [], fields: undefined };
    default:
      return undefined;
  }
}

/** EXECUTE gives the columns of what it executes, and takes no parameters itself. */
async function describePrepared(session: Session, name: string): Promise<Description> {
  const prepared = session.extended.statements.get(name);
  if (prepared === undefined) {
    throw new SqlError({ code: "26000", message: `prepared statement "${name}" does not exist` });
  }
  const { fields } = await describeStatement(session, prepared.shared, planned(session, prepared.shared).plan);
  return { parameterTypes: [], fields };
}
