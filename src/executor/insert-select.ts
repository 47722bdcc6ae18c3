// Rows of a query, inserted where they belong: they are collected as arrays, one set per shard, and every shard inserts
// its set with one statement.
import { headerBytes } from "../pgwire/message-type.ts";
import type { Field } from "../pgwire/row-description.ts";
import type { InsertSelectPlan } from "../planner/plan.ts";
import { refuse } from "../planner/refuse.ts";
import { KeyHasher } from "../sharding/key-hasher.ts";
import { shardKeyType } from "../sharding/shard-key-type.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { ColumnArrays } from "./column-arrays.ts";
import { allShards, type Execution } from "./execution.ts";
import { tooManyRows } from "./gather.ts";
import { nullShardKey } from "./null-shard-key.ts";
import { storedText } from "./resolve-target.ts";
import { describeRows, runRows } from "./run-rows.ts";
import type { RowTaker } from "./scatter.ts";
import { writeEverywhere } from "./scatter-write.ts";
import { shardOfBucket } from "./shard-of-bucket.ts";
import { type TravellingColumn, travellingColumns, unnestSql } from "./travelling-columns.ts";

/** Resolves with the command tag. */
export async function insertSelect(plan: InsertSelectPlan, execution: Execution, taker: RowTaker): Promise<string> {
  const { topology, statement } = execution;
  const home = await execution.participant(topology.home);
  if (plan.checkSql !== undefined) {
    await execution.descriptions.describe(execution.scope, plan.checkSql, statement.parameterTypes, home);
  }
  const fields = await describeRows(plan.source, execution);
  const travelling = await travellingColumns(fields, execution, home);
  const columns = travelling.map((column, i) => ({ ...column, cast: plan.columnTypes[i] ?? column.cast }));
  const { rows, order } = await collect(plan, execution, fields, travelling);
  if (rows.size === 0) rows.set(topology.home, new ColumnArrays(travelling.map(({ elementType }) => elementType)));
  const sql = plan.head + unnestSql(columns, statement.parameterTypes.length + 1) + plan.tail;
  const types = columns.map(({ arrayType }) => arrayType);
  return writeEverywhere(
    new Map([...rows.keys()].map((shard) => [shard, sql])),
    plan.into === "reference",
    execution,
    taker,
    new Map([...rows].map(([shard, arrays]) => [shard, { types, values: arrays.encode() }])),
    order,
  );
}

async function collect(
  plan: InsertSelectPlan,
  execution: Execution,
  fields: readonly Field[],
  columns: readonly TravellingColumn[],
): Promise<{ readonly rows: Map<ShardName, ColumnArrays>; readonly order: readonly ShardName[] }> {
  const { topology, maxGatheredRows } = execution;
  const makeArrays = () => new ColumnArrays(columns.map(({ elementType }) => elementType));
  const shardOf = plan.into === "distributed" ? keyReader(plan, execution, fields, columns) : undefined;
  const all = makeArrays();
  const byShard = new Map<ShardName, ColumnArrays>();
  const order: ShardName[] = [];
  let count = 0;
  const output = { describe: false, formats: columns.map(({ format }) => format) };
  await runRows(
    plan.source,
    { ...execution, output, isWholeStatement: false },
    {
      fields: () => {},
      async rows(batch) {
        for (let at = 0; at < batch.length; count++) {
          let arrays = all;
          if (shardOf !== undefined) {
            const shard = shardOf(batch, at);
            order.push(shard);
            const present = byShard.get(shard);
            arrays = present ?? makeArrays();
            if (present === undefined) byShard.set(shard, arrays);
          }
          at = arrays.addRow(batch, at);
        }
        if (count > maxGatheredRows) throw tooManyRows(maxGatheredRows);
      },
    },
  );
  if (plan.into === "distributed") return { rows: byShard, order };
  const targets = plan.into === "home" ? [topology.home] : allShards(topology).map(({ name }) => name);
  return { rows: new Map(targets.map((shard) => [shard, all])), order: [] };
}

/** A function that finds the shard of the DataRow at an offset of a batch. */
function keyReader(
  plan: InsertSelectPlan,
  { topology }: Execution,
  fields: readonly Field[],
  columns: readonly TravellingColumn[],
): (batch: Buffer, start: number) => ShardName {
  const hasher = new KeyHasher();
  for (const [i, column] of plan.keyColumns.entries()) {
    if (columns[column]!.format === 1 && shardKeyType(fields[column]!.typeOid) !== plan.types[i]) {
      throw refuse("SG001", "a shard key whose value has another type than its column");
    }
  }
  return (batch, start) => {
    hasher.start();
    for (const [i, column] of plan.keyColumns.entries()) {
      let at = start + headerBytes + 2;
      for (let skip = 0; skip < column; skip++) at += 4 + Math.max(0, batch.readInt32BE(at));
      const length = batch.readInt32BE(at);
      if (length < 0) throw nullShardKey(plan.stored);
      const end = at + 4 + length;
      const lengthMax = plan.stored?.columns[i]?.lengthMax;
      const isUsable =
        lengthMax === undefined
          ? hasher.addBytes(plan.types[i]!, columns[column]!.format, batch, at + 4, end)
          : hasher.addText(plan.types[i]!, storedText(batch.toString("utf8", at + 4, end), lengthMax));
      if (!isUsable) throw refuse("SG001", "a shard key value that the gateway cannot read");
    }
    return shardOfBucket(topology, hasher.bucket());
  };
}
