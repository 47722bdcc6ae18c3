// UPDATE, DELETE and COPY-less INSERT on several shards: each does its part, the row counts are added up. A reference
// table: every shard does the same, and one answers for all.
import { assert } from "../base/assert.ts";
import type { ScatterWritePlan } from "../planner/plan.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Execution } from "./execution.ts";
import { participantsOf, withStreams } from "./open-streams.ts";
import { shardsOfTarget } from "./resolve-target.ts";
import { skipRows } from "./row-batch.ts";
import type { RowTaker } from "./scatter.ts";
import { rowsOfTag } from "./shard-rows.ts";

/** Resolves with the command tag. */
export async function scatterWrite(plan: ScatterWritePlan, execution: Execution, taker: RowTaker): Promise<string> {
  const { topology, statement } = execution;
  const shards = shardsOfTarget(plan.target, topology, statement, []) ?? [...topology.shards.keys()];
  const sql = plan.sql ?? statement.text;
  return writeEverywhere(new Map(shards.map((shard) => [shard, sql])), plan.replicated, execution, taker);
}

/**
 * Runs one statement per shard and puts their answers together. `order`: the shard of each row that is inserted, in the
 * client's order; RETURNING then gives them in that order, as PostgreSQL does.
 */
export async function writeEverywhere(
  sqlByShard: ReadonlyMap<ShardName, string>,
  isReplicated: boolean,
  execution: Execution,
  taker: RowTaker,
  more: ReadonlyMap<ShardName, { readonly types: readonly number[]; readonly values: readonly Buffer[] }> = new Map(),
  order: readonly ShardName[] = [],
): Promise<string> {
  const { statement, output } = execution;
  const participants = await participantsOf(execution, [...sqlByShard.keys()]);
  for (const participant of participants) participant.wrote = true;
  return withStreams(
    execution,
    participants,
    ({ shard }) => ({
      sql: sqlByShard.get(shard)!,
      parameters: statement.parameters,
      parameterTypes: [...statement.parameterTypes, ...(more.get(shard)?.types ?? [])],
      more: more.get(shard)?.values ?? [],
      formats: output.formats,
    }),
    async (streams) => {
      const [first] = streams;
      assert(first !== undefined, "a write without a shard");
      // All describe the same; a shard that is lost describes nothing, and the others may have rows before that is noticed.
      const fields = streams.find((stream) => stream.fields !== undefined)?.fields;
      if (fields !== undefined) taker.fields(fields);
      const isOrdered = fields !== undefined && streams.length > 1 && order.length > 0;
      const rows: Buffer[][] = streams.map(() => []);
      await Promise.all(
        streams.map(async (stream, i) => {
          for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
            if (isOrdered) rows[i]!.push(batch);
            else if (!isReplicated || stream === first) await taker.rows(batch);
          }
        }),
      );
      if (isOrdered) {
        const shards = participants.map(({ shard }) => shard);
        for (const batch of inOrder(
          rows.map((batches) => Buffer.concat(batches)),
          shards,
          order,
        ))
          await taker.rows(batch);
      }
      if (isReplicated) return first.tag;
      const count = streams.reduce((sum, { tag }) => sum + rowsOfTag(tag), 0);
      return first.tag.replace(/\d+$/, String(count));
    },
  );
}

/** Rows of each shard, one after the other as `order` says; as they are when a shard has not answered every row (ON CONFLICT). */
function inOrder(rows: readonly Buffer[], shards: readonly ShardName[], order: readonly ShardName[]): Buffer[] {
  const offsets = rows.map(() => 0);
  const ordered: Buffer[] = [];
  for (const shard of order) {
    const i = shards.indexOf(shard);
    const start = offsets[i]!;
    const { offset, skipped } = skipRows(rows[i]!, start, 1);
    if (skipped === 0) return [...rows];
    ordered.push(rows[i]!.subarray(start, offset));
    offsets[i] = offset;
  }
  return offsets.every((offset, i) => offset === rows[i]!.length) ? [Buffer.concat(ordered)] : [...rows];
}
