// PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED by clients. PostgreSQL at home has the transaction under the
// client's gid and says who may end it; the gateway adds the other shards (src/transaction/client-prepared.ts).
import { noticeResponse } from "../src/pgwire/notice.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import { refuse } from "../src/planner/refuse.ts";
import { quoteLiteral } from "../src/sql/names.ts";
import { notifyCatalogSql } from "../src/transaction/catalog-channel.ts";
import { joinWrittenTablesSql } from "../src/transaction/client-prepared.ts";
import { endOtherParts } from "../src/transaction/end-client-prepared.ts";
import { gidPrefix } from "../src/transaction/gid.ts";
import { explainLossDuring } from "../src/transaction/lost-connection.ts";
import { Participant } from "../src/transaction/participant.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";

/** Resolves with the command tag. As with COMMIT, whatever goes wrong ends the transaction. */
export async function prepareTransaction(session: Session, gid: string): Promise<"PREPARE TRANSACTION" | "ROLLBACK"> {
  const { transaction } = session;
  if (transaction.status === "idle") return "ROLLBACK";
  try {
    if (transaction.status !== "failed") {
      checkGid(session, gid);
      if (transaction.hasDistributed) throw refuse("SG088");
    }
    const { tag, settings } = await transaction.prepare(`PREPARE TRANSACTION ${quoteLiteral(gid)}`);
    await session.transactionEnded(tag !== "ROLLBACK", settings);
    return tag;
  } catch (error) {
    await transaction.rollback();
    await session.transactionEnded(false, session.settings);
    throw error;
  }
}

type EndCommand = "COMMIT PREPARED" | "ROLLBACK PREPARED";

/** Resolves with the command tag. */
export async function endPrepared(
  session: Session,
  { isInSeries }: Statement,
  command: EndCommand,
  gid: string,
): Promise<EndCommand> {
  if (session.transaction.status !== "idle" || isInSeries) {
    throw new SqlError({ code: "25001", message: `${command} cannot run inside a transaction block` });
  }
  checkGid(session, gid);
  const found = await endAtHome(session, command, gid);
  const isCommit = command === "COMMIT PREPARED";
  if (found?.isDistributed === true) {
    const { coordinator } = session.database;
    const late = await endOtherParts(found.xid, isCommit, session.topology.home, coordinator.options);
    for (const shard of isCommit ? late : []) {
      const text = `the transaction is committed, but shard "${shard}" may not show it yet`;
      session.client.write(noticeResponse("WARNING", "01000", text));
    }
  }
  if (isCommit && found !== undefined) await noteChanges(session, found);
  return command;
}

/** What the prepared transaction has done, seen before it ends. */
interface Found {
  readonly xid: string;
  /** The session does not wait for its commits to be durable. */
  readonly isLax: boolean;
  readonly isDistributed: boolean;
  readonly changesCatalog: boolean;
  readonly changesRoles: boolean;
}

/** With the session's own role, so that PostgreSQL answers as ever. undefined: there was none when it was looked for. */
async function endAtHome(session: Session, command: EndCommand, gid: string): Promise<Found | undefined> {
  const { topology, gateway, active, client } = session;
  session.interrupts.check();
  const lease = await gateway.pool.acquire(topology.home, session.traveller(), {
    holdsOthers: session.reserved.size > 0,
    signal: session.interrupts.signal,
  });
  active.set(lease.connection, topology.home);
  try {
    const home = new Participant(lease, undefined, (message) => client.write(message));
    const text = await home.queryText(
      `SELECT pg_catalog.json_build_object('xid', p.transaction::pg_catalog.text,
         'isLax', pg_catalog.current_setting('synchronous_commit') = 'off', 'isDistributed', ${hasWritten("shardgres.commits")}, 'changesCatalog', ${hasWritten("shardgres.tables")},
         'changesRoles', ${hasWritten("pg_catalog.pg_authid", "pg_catalog.pg_db_role_setting", "pg_catalog.pg_database")})
       FROM pg_catalog.pg_prepared_xacts AS p ${joinWrittenTablesSql}
       WHERE p.gid = ${quoteLiteral(gid)} AND p.database = pg_catalog.current_database() GROUP BY p.transaction`,
    );
    const found = text === "" ? undefined : (JSON.parse(text) as Found);
    if (found?.isDistributed === true && found.isLax) {
      // Once it is answered it must be durable, for the other shards follow.
      await home.run("SET synchronous_commit TO on");
      lease.settings = session.settings.with("synchronous_commit", "on");
    }
    // Nothing interrupts it from here on: whoever waits for a standby must not give up.
    session.interrupts.check();
    active.delete(lease.connection);
    await home.shield();
    await home.runAudibly(`${command} ${quoteLiteral(gid)}`).catch((error: unknown) => {
      throw explainLossDuring(command, error);
    });
    return found;
  } finally {
    active.delete(lease.connection);
    lease.release();
  }
}

function hasWritten(...tables: readonly string[]): string {
  const oids = tables.map((table) => `'${table}'::pg_catalog.regclass`).join(", ");
  return `coalesce(pg_catalog.bool_or(l.relation IN (${oids})), false)`;
}

async function noteChanges({ database, gateway, topology }: Session, found: Found): Promise<void> {
  if (found.changesRoles) {
    gateway.pool.retire(() => true);
    gateway.sessionDefaults.clear();
  }
  gateway.connectChecks.clear();
  if (!found.changesCatalog) return;
  // Gateways that lose their connection to the home shard read the catalog anew in any case.
  await gateway.admin
    .query(topology.home, database.name, notifyCatalogSql)
    .catch((error: unknown) => gateway.log.warn({ err: error }, "gateways not told of a changed catalog"));
  await database.reloadAfterCommit();
}

function checkGid({ topology }: Session, gid: string): void {
  if (gid.startsWith(gidPrefix(topology.clusterId))) throw refuse("SG087", gid);
}
