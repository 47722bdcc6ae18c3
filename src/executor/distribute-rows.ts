// The rows of a table that is being distributed, made a reference table or undistributed, to where they belong from now on.

import { assert } from "../base/assert.ts";
import type { DistributionDecision } from "../catalog/distribution-rules.ts";
import type { Column } from "../catalog/snapshot.ts";
import { sqlIdentifier, sqlName } from "../catalog/sql-name.ts";
import { noticeResponse } from "../pgwire/notice.ts";
import { oid } from "../pgwire/oid.ts";
import type { Participant } from "../transaction/participant.ts";
import type { Execution } from "./execution.ts";
import { moveRows, type RowMove } from "./move-rows.ts";
import { ownsRowSql } from "./owned-buckets.ts";
import { withTransferSettings } from "./transfer-settings.ts";
import { withoutTriggers } from "./without-triggers.ts";

export interface DistributionChange {
  readonly decision: DistributionDecision;
  readonly execution: Execution;
  readonly home: Participant;
  readonly others: readonly Participant[];
}

/** The table is locked everywhere. */
export async function moveTableRows(change: DistributionChange): Promise<void> {
  const { decision, home, others } = change;
  const table = sqlName(decision.relation);
  const participants = [home, ...others];
  const hasRows = await Promise.all(
    participants.map((participant) => participant.queryText(`SELECT EXISTS (SELECT FROM ${table})::text`)),
  );
  if (!hasRows.includes("true")) return;
  await withTransferSettings(participants, () =>
    withoutTriggers(decision.relation, home, participants, () => moveUnder(change)),
  );
}

async function moveUnder(change: DistributionChange): Promise<void> {
  switch (change.decision.distribution.kind) {
    case "distributed":
      return toOwners(change);
    case "reference":
      return toAll(change);
    case "unsharded":
      return toHome(change);
  }
}

async function toOwners(change: DistributionChange): Promise<void> {
  const { decision, execution, home, others } = change;
  const { relation, distribution } = decision;
  const { topology } = execution;
  assert(distribution.kind === "distributed", "only a distributed table has owners");
  if (others.length === 0) return;
  const table = sqlName(relation);
  const columns = movedColumns(change);
  const key = distribution.shardKey.map((name, i) => ({
    quotedName: sqlIdentifier(name),
    type: distribution.types[i]!,
  }));
  const owns = ({ shard }: Participant) => ownsRowSql(key, topology, topology.shards.get(shard)!.ordinal);
  announce(change, others);
  const move: RowMove = {
    from: home,
    to: others,
    ...moveOf(change),
    query: `SELECT ${listOf(columns)} FROM ${table} WHERE NOT (${owns(home)})`,
    key: {
      columns: distribution.shardKey.map((name) => columns.findIndex((column) => column.name === name)),
      types: distribution.types,
    },
  };
  const counts = await moveRows(move, execution);
  const moved = counts.reduce((sum, count) => sum + count, 0);
  const deleted = await countOf(home, `DELETE FROM ${table} WHERE NOT (${owns(home)})`);
  assert(deleted === moved, `${moved} rows were moved, but ${deleted} deleted`);
  report(change, others, counts);
  // The gateway has chosen the shards; now each shard says whether it owns what it got.
  const misplaced = await Promise.all(
    others.map((other) => other.queryText(`SELECT count(*)::text FROM ${table} WHERE NOT (${owns(other)})`)),
  );
  assert(
    misplaced.every((count) => count === "0"),
    "rows were moved to a shard that does not own them",
  );
}

async function toAll(change: DistributionChange): Promise<void> {
  const { decision, execution, home, others } = change;
  if (others.length === 0) return;
  announce(change, others);
  const query = `SELECT ${listOf(movedColumns(change))} FROM ${sqlName(decision.relation)}`;
  const counts = await moveRows({ from: home, to: others, ...moveOf(change), query, key: undefined }, execution);
  report(change, others, counts);
}

async function toHome(change: DistributionChange): Promise<void> {
  const { decision, execution, home, others } = change;
  const table = sqlName(decision.relation);
  if (decision.relation.distribution.kind === "distributed") {
    const query = `SELECT ${listOf(movedColumns(change))} FROM ${table}`;
    announce(change, [home]);
    let total = 0;
    for (const other of others) {
      const [count] = await moveRows({ from: other, to: [home], ...moveOf(change), query, key: undefined }, execution);
      const deleted = await countOf(other, `DELETE FROM ${table}`);
      assert(deleted === count, `${count} rows were moved, but ${deleted} deleted`);
      total += deleted;
    }
    report(change, [home], [total]);
  } else {
    await Promise.all(others.map((other) => other.run(`DELETE FROM ${table}`)));
  }
}

/** A generated column is computed again where the row arrives. */
function movedColumns({ decision }: DistributionChange): Column[] {
  return decision.relation.columns.filter(({ generated }) => !generated);
}

function listOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => sqlIdentifier(name)).join(", ");
}

/** Types whose binary format holds no object ids, which differ between shards for what users made, and loses nothing. */
const alikeInBinary = new Set<number>([
  ...[oid.bool, oid.int2, oid.int4, oid.int8, oid.float4, oid.float8, oid.numeric, oid.uuid, oid.bytea],
  ...[oid.text, oid.varchar, oid.bpchar, oid.name, oid.char, oid.json, oid.jsonb],
  ...[oid.date, oid.time, oid.timetz, oid.timestamp, oid.timestamptz, oid.interval],
]);

function moveOf(change: DistributionChange): Pick<RowMove, "into" | "columnCount" | "format"> {
  const columns = movedColumns(change);
  const isAlike = columns.every(({ typeOid }) => alikeInBinary.has(typeOid));
  return {
    into: `${sqlName(change.decision.relation)} (${listOf(columns)})`,
    columnCount: columns.length,
    format: isAlike ? "binary" : "text",
  };
}

/** Rows that a DELETE deleted. */
async function countOf(participant: Participant, deleteSql: string): Promise<number> {
  return Number(
    await participant.queryText(`WITH deleted AS (${deleteSql} RETURNING 1) SELECT count(*)::text FROM deleted`),
  );
}

function announce({ decision, execution }: DistributionChange, to: readonly Participant[]): void {
  execution.sink.write(
    noticeResponse("NOTICE", "00000", `copying data of table "${decision.relation.name}" to ${namesOf(to)}`),
  );
}

function report(
  { decision, execution }: DistributionChange,
  to: readonly Participant[],
  counts: readonly number[],
): void {
  for (const [i, { shard }] of to.entries()) {
    execution.sink.write(
      noticeResponse(
        "NOTICE",
        "00000",
        `copied ${counts[i]} rows of table "${decision.relation.name}" to shard "${shard}"`,
      ),
    );
  }
}

function namesOf(participants: readonly Participant[]): string {
  return participants.map(({ shard }) => `shard "${shard}"`).join(", ");
}
