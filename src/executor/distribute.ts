// create_distributed_table, create_reference_table, undistribute_table: what the table is is recorded on every shard, and
// its rows move to where they belong, all in the transaction that is open. The table is locked from beginning to end.

import { loadBuiltins } from "../catalog/builtins.ts";
import { distributionFactsSql, parseDistributionFacts } from "../catalog/distribution-facts.ts";
import {
  colocationTable,
  type DistributionDecision,
  type DistributionRequest,
  decideDistribution,
} from "../catalog/distribution-rules.ts";
import { loadCatalog } from "../catalog/loader.ts";
import { lockDistributionSql } from "../catalog/metadata-schema.ts";
import { registerTableSql } from "../catalog/register-table.ts";
import { sqlIdentifier, sqlName, sqlText } from "../catalog/sql-name.ts";
import { encodeFields, ShardError } from "../pgwire/error-fields.ts";
import { backend } from "../pgwire/message-type.ts";
import { noticeResponse } from "../pgwire/notice.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { DistributePlan } from "../planner/plan.ts";
import { refuse } from "../planner/refuse.ts";
import type { Participant } from "../transaction/participant.ts";
import { argumentText } from "./argument-text.ts";
import { type DistributionChange, moveTableRows } from "./distribute-rows.ts";
import { joinSequences, shareOutSequences } from "./distribute-sequences.ts";
import { allShards, type Execution } from "./execution.ts";
import { participantsOf } from "./open-streams.ts";

/**
 * The transaction must be READ COMMITTED, and be rolled back when this rejects (SqlError or AppError). The caller tells
 * the gateways that the catalog has changed.
 */
export async function distribute(plan: DistributePlan, execution: Execution): Promise<void> {
  try {
    await carryOut(plan, execution);
  } catch (error) {
    throw withoutPosition(error);
  }
}

async function carryOut(plan: DistributePlan, execution: Execution): Promise<void> {
  const { topology } = execution;
  const participants = await participantsOf(
    execution,
    allShards(topology).map(({ name }) => name),
  );
  for (const participant of participants) participant.wrote = true;
  const home = participants.find(({ shard }) => shard === topology.home)!;
  const others = participants.filter((participant) => participant !== home);
  const table = requiredText(plan.table, "table_name", execution);
  const decision = await lockAndDecide(table, requestOf(plan, execution), home, others);
  const change: DistributionChange = { decision, execution, home, others };

  if (plan.action !== "undistribute") await requireNoRows(decision, others);
  if (plan.action === "distribute") {
    await requireKeys(decision, participants, execution);
    await setReplicaIdentity(decision, participants);
    await shareOutSequences(decision.relation, topology, home, participants);
  }
  await moveTableRows(change);
  if (plan.action === "undistribute" && decision.relation.distribution.kind === "distributed") {
    await joinSequences(decision.relation, home, participants);
  }
  const register = registerTableSql(decision.relation, decision.distribution);
  await Promise.all(participants.map((participant) => participant.run(register)));
}

function requestOf(plan: DistributePlan, execution: Execution): DistributionRequest {
  if (plan.action !== "distribute") return { action: plan.action };
  return {
    action: "distribute",
    shardKey: requiredText(plan.shardKey, "distribution_column", execution),
    colocateWith: argumentText(plan.colocateWith, execution.statement) ?? undefined,
  };
}

function requiredText(source: DistributePlan["shardKey"], name: string, { statement }: Execution): string {
  const text = argumentText(source, statement);
  if (text === null) throw new SqlError({ code: "22004", message: `${name} cannot be NULL` });
  return text;
}

/** The home shard is locked first, so that two who want the same wait for each other there. */
async function lockAndDecide(
  table: string,
  request: DistributionRequest,
  home: Participant,
  others: readonly Participant[],
): Promise<DistributionDecision> {
  const ask = (sql: string) => home.queryText(sql);
  if ((await ask("SHOW transaction_isolation")) !== "read committed") throw refuse("SG151");
  await home.run(lockDistributionSql);
  const lock = (name: string) => `LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`;
  const name = await ask(lockableNameSql(table));
  if (name !== "") await home.run(lock(name));
  const catalog = await loadCatalog(ask, await loadBuiltins(ask));
  const colocateWith = request.action === "distribute" ? colocationTable(request.colocateWith) : undefined;
  const facts = parseDistributionFacts(await ask(distributionFactsSql(table, colocateWith)));
  const decision = decideDistribution(catalog, facts, request);
  await Promise.all(others.map((other) => other.run(lock(sqlName(decision.relation)))));
  return decision;
}

/** "" for what cannot be locked as a table, which the rules are going to refuse. 42P01 when there is no such relation. */
function lockableNameSql(table: string): string {
  return `SELECT CASE WHEN c.relkind IN ('r', 'p') THEN pg_catalog.format('%I.%I', n.nspname, c.relname) END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ${sqlText(table)}::pg_catalog.regclass`;
}

async function requireNoRows({ relation }: DistributionDecision, others: readonly Participant[]): Promise<void> {
  const sql = `SELECT EXISTS (SELECT FROM ${sqlName(relation)})::text`;
  const answers = await Promise.all(others.map((other) => other.queryText(sql)));
  if (answers.includes("true")) throw refuse("SG152", sqlName(relation));
}

/** The columns of the shard key must be NOT NULL: a row without a key belongs nowhere. */
async function requireKeys(
  { relation, distribution }: DistributionDecision,
  participants: readonly Participant[],
  { sink }: Execution,
): Promise<void> {
  if (distribution.kind !== "distributed") return;
  const { shardKey } = distribution;
  const nullable = relation.columns.filter(({ name, notNull }) => shardKey.includes(name) && !notNull);
  if (nullable.length === 0) return;
  const actions = nullable.map(({ name }) => `ALTER COLUMN ${sqlIdentifier(name)} SET NOT NULL`);
  const sql = `ALTER TABLE ${sqlName(relation)} ${actions.join(", ")}`;
  await Promise.all(participants.map((participant) => participant.run(sql)));
  const names = nullable.map(({ name }) => `"${name}"`).join(", ");
  sink.write(
    noticeResponse("NOTICE", "00000", `shard key column ${names} of table "${relation.name}" is set NOT NULL`),
  );
}

/** So that rows can be told apart when they are moved to another shard while they are written. */
async function setReplicaIdentity(
  { withoutReplicaIdentity }: DistributionDecision,
  participants: readonly Participant[],
): Promise<void> {
  if (withoutReplicaIdentity.length === 0) return;
  const sql = withoutReplicaIdentity.map((table) => `ALTER TABLE ${table} REPLICA IDENTITY FULL`).join("; ");
  await Promise.all(participants.map((participant) => participant.run(sql)));
}

/** The statements that failed are the gateway's: a position in them means nothing to the client. */
function withoutPosition(error: unknown): unknown {
  if (!(error instanceof ShardError) || !error.raw.has("P")) return error;
  const fields = new Map(error.raw);
  fields.delete("P");
  return new ShardError(encodeFields(backend.errorResponse, fields));
}
