// DDL and other commands for every shard: in one transaction where PostgreSQL allows it, else one shard after the other,
// undone where it has been done when a later shard refuses.

import { delay } from "../src/base/delay.ts";
import { forgetDroppedTablesSql } from "../src/catalog/metadata-schema.ts";
import { allShards } from "../src/executor/execution.ts";
import { ShardError } from "../src/pgwire/error-fields.ts";
import { makeVerifier } from "../src/pgwire/scram.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { AllShardsPlan } from "../src/planner/plan.ts";
import { quoteLiteral } from "../src/sql/names.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { asSent } from "../src/transaction/lost-connection.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { durabilityWarning, lowersDurability } from "./commit-durability.ts";
import { forward } from "./forward.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";
import { StatementLeases } from "./statement-leases.ts";

/** duplicate_table (also of indexes), duplicate_database, duplicate_object. */
const alreadyThere = new Set(["42P07", "42P04", "42710"]);

/** As CountOtherDBBackends in procarray.c. */
const databaseWaitMs = 5_000;

/** Resolves with CommandComplete of the home shard. */
export function runAllShards(session: Session, statement: Statement, plan: AllShardsPlan): Promise<Buffer> {
  const { sets } = plan;
  if (sets !== undefined && lowersDurability(session.topology, sets.name, sets.value)) {
    session.client.write(durabilityWarning());
  }
  const text = withVerifier(statement.run.text, plan);
  const sqlOf = (shard: ShardName) => (shard === session.topology.home ? plan.homeSql : plan.otherSql) ?? text;
  return plan.transactional
    ? inTransaction(session, statement, plan, sqlOf)
    : shardByShard(session, statement, plan, sqlOf);
}

async function inTransaction(
  session: Session,
  statement: Statement,
  plan: AllShardsPlan,
  sqlOf: (shard: ShardName) => string,
): Promise<Buffer> {
  const { transaction, topology, gateway } = session;
  if (plan.database !== undefined) await leaveDatabase(session, plan.database, statement.run.text);
  if (transaction.status === "idle") transaction.begin("", false);
  // Defaults of a role or a database hold for new connections only, and a role made anew is another one.
  if (/^\s*(?:alter|create|drop)\s+(?:role|user|group|database)\b/i.test(statement.run.text)) {
    session.whenEnded.push(() => {
      gateway.retire(() => true);
      gateway.sessionDefaults.clear();
    });
  }
  session.whenEnded.push(() => gateway.connectChecks.clear());
  const participants: Participant[] = [];
  for (const { name } of allShards(topology)) participants.push(await transaction.join(name, "ddl"));
  for (const participant of participants) participant.wrote = true;
  const home = participants.find(({ shard }) => shard === topology.home)!;
  // Home first: what it refuses, all would refuse, and its locks keep others from doing the same elsewhere.
  const completion = await forward(session, home, withText(statement, sqlOf(home.shard)));
  session.interrupts.check();
  await Promise.all(participants.filter((other) => other !== home).map((other) => other.run(sqlOf(other.shard))));
  if (plan.changesCatalog) await noteCatalogChange(session, participants, home);
  return completion;
}

/** To be called by everything that changes what the catalog says, within its transaction. */
export async function noteCatalogChange(
  session: Session,
  participants: Iterable<Participant>,
  home: Participant,
): Promise<void> {
  await Promise.all([...participants].map((participant) => participant.run(forgetDroppedTablesSql)));
  home.notifies = true;
  await session.reloadTransactionCatalog(home);
}

async function shardByShard(
  session: Session,
  statement: Statement,
  plan: AllShardsPlan,
  sqlOf: (shard: ShardName) => string,
): Promise<Buffer> {
  const { transaction, topology, gateway } = session;
  if (transaction.status !== "idle" || statement.isInSeries) {
    const command = statement.run.text.trim().split(/\s+/).slice(0, 2).join(" ").toUpperCase();
    throw new SqlError({ code: "25001", message: `${command} cannot run inside a transaction block` });
  }
  if (plan.database !== undefined) await leaveDatabase(session, plan.database, statement.run.text);
  const leases = new StatementLeases(session);
  /** Shards where it is done, or where something may have been left half done. */
  const touched: Participant[] = [];
  let isDoneAtHome = false;
  try {
    const participants: Participant[] = [];
    for (const { name } of allShards(topology)) participants.push(await leases.participant(name));
    const home = participants.find(({ shard }) => shard === topology.home)!;
    const others = participants.filter((participant) => participant !== home);
    if (plan.database?.action === "drop") await checkUnused(participants, plan.database.name);
    touched.push(home);
    const completion = await forward(session, home, withText(statement, sqlOf(home.shard)));
    isDoneAtHome = true;
    for (const participant of others) {
      session.interrupts.check();
      touched.push(participant);
      await participant.run(sqlOf(participant.shard));
    }
    if (plan.changesCatalog) await session.database.reload();
    return completion;
  } catch (error) {
    if (plan.undo !== undefined) {
      const { undo } = plan;
      // What was there before must stay; a failed CREATE INDEX CONCURRENTLY leaves an invalid index.
      if (error instanceof ShardError && alreadyThere.has(error.fields.code)) touched.pop();
      await Promise.all(
        touched.map(async (participant) => {
          // What has stopped the command must not stop this.
          session.active.delete(participant.lease.connection);
          await participant.shield();
          await participant.run(undo).catch((reason: unknown) => {
            gateway.log.error({ shard: participant.shard, err: reason }, "a command could not be undone");
          });
        }),
      );
    }
    throw isDoneAtHome ? asSent(error) : error;
  } finally {
    leases.release();
  }
}

/** Gives up the gateway's own connections to a database. Throws 55006 when clients are using it. */
async function leaveDatabase(
  { gateway, database: own }: Session,
  { action, name }: NonNullable<AllShardsPlan["database"]>,
  text: string,
): Promise<void> {
  const isForced = /\bforce\b/i.test(text);
  if (own.name !== name && action !== "create" && !isForced) {
    await untilUnused(name, () => gateway.databases.sessionsOf(name));
  }
  gateway.retire(({ database }) => database === name);
  await gateway.databases.forget(name);
}

/** DROP DATABASE cannot be undone, so every shard is asked before the first one does it. */
async function checkUnused(participants: readonly Participant[], name: string): Promise<void> {
  const sql = `SELECT count(*) FROM pg_catalog.pg_stat_activity
    WHERE datname = ${quoteLiteral(name)} AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`;
  await untilUnused(name, async () => {
    const counts = await Promise.all(participants.map((participant) => participant.queryText(sql)));
    return Math.max(...counts.map(Number));
  });
}

/** Sessions that are just ending are waited for as long as PostgreSQL does. */
async function untilUnused(name: string, countSessions: () => Promise<number>): Promise<void> {
  const deadline = performance.now() + databaseWaitMs;
  for (;;) {
    const sessions = await countSessions();
    if (sessions === 0) return;
    if (performance.now() > deadline) throw databaseInUse(name, sessions);
    await delay(50);
  }
}

function databaseInUse(name: string, sessions: number): SqlError {
  return new SqlError({
    code: "55006",
    message: `database "${name}" is being accessed by other users`,
    detail:
      sessions === 1
        ? "There is 1 other session using the database."
        : `There are ${sessions} other sessions using the database.`,
  });
}

function withText(statement: Statement, text: string): Statement {
  return { ...statement, run: { ...statement.run, text } };
}

/** PASSWORD 'text' becomes one verifier for all shards, so that no password travels and their salts are the same. */
function withVerifier(text: string, { password }: AllShardsPlan): string {
  if (password === undefined) return text;
  return text.slice(0, password.start) + quoteLiteral(makeVerifier(password.text)) + text.slice(password.end);
}
