// Parameters and columns of a prepared statement, as PostgreSQL itself sees them.

import type { UserTypes } from "../src/catalog/user-types.ts";
import type { Description } from "../src/executor/description-cache.ts";
import { oid } from "../src/pgwire/oid.ts";
import { type Field, gatewayField } from "../src/pgwire/row-description.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Plan } from "../src/planner/plan.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { planned } from "./planned.ts";
import { reading } from "./read-attempt.ts";
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
  const { transaction, topology, gateway, database, reads } = session;
  const { userTypes } = database;
  const shard = transaction.participants.keys().next().value ?? topology.home;
  const scope = session.planScope + session.login.user;
  const types = shared.declaredTypes.map((typeOid) => userTypes.toShard(shard, typeOid));
  const told = ({ parameterTypes, fields }: Description): Description => {
    shared.parameterTypes = parameterTypes.map((typeOid) => userTypes.toHome(shard, typeOid));
    return { parameterTypes: shared.parameterTypes, fields: fields?.map((field) => atHome(field, shard, userTypes)) };
  };
  // In a transaction the shard is asked all the same: the transaction begins there.
  const known = transaction.status === "idle" ? gateway.descriptions.get(scope, shared.text, types, shard) : undefined;
  if (known !== undefined) return told(known);
  const isRead = plan !== undefined && "readOnly" in plan && plan.readOnly;
  const onStandby = reads.ofStatement(isRead) !== undefined && !(await hasPrimary(session, shard));
  return reading(session, {}, onStandby, async (attempt) => {
    const leases = new StatementLeases(session, attempt);
    try {
      const participant =
        transaction.status === "open" ? await transaction.join(shard) : await leases.participant(shard);
      // What a standby says may be old: it is no answer for those who ask a primary.
      const own = attempt === undefined ? scope : `${scope}\nstandby`;
      return told(await gateway.descriptions.describe(own, shared.text, types, participant));
    } finally {
      leases.release();
    }
  });
}

/** Who reads from standbys does not wait for one. */
async function hasPrimary(session: Session, shard: ShardName): Promise<boolean> {
  const { gateway, interrupts } = session;
  if (gateway.pool.isHeld(shard)) return false;
  try {
    const { signal } = interrupts;
    const lease = await gateway.pool.acquire(shard, { ...session.traveller(), holdTimeoutMs: 0 }, { signal });
    lease.release();
    return true;
  } catch {
    interrupts.check();
    return false;
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
