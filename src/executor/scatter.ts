// The same query on several shards; their rows are put together while they stream.
import { encodeRowDescription, type Field } from "../pgwire/row-description.ts";
import type { ScatterPlan } from "../planner/plan.ts";
import type { Participant } from "../transaction/participant.ts";
import { describeOwn } from "./describe-own.ts";
import { type Execution, parameterTypesAt } from "./execution.ts";
import { mergeRows } from "./merge-rows.ts";
import { participantsOf, partQueries, viewing, withView } from "./open-streams.ts";
import { shardsOfTarget } from "./resolve-target.ts";
import { RowWindow } from "./row-batch.ts";
import { rowCount } from "./row-limit.ts";
import type { ShardRows } from "./shard-rows.ts";

/** Takes the rows of a plan, batch by batch, in order. */
export interface RowTaker {
  /** Called once, before the rows. */
  fields(fields: readonly Field[]): void;
  /** Whole DataRow messages. Resolves when more may come. */
  rows(batch: Buffer): Promise<void>;
}

/** Resolves with the number of rows. */
export async function scatter(plan: ScatterPlan, execution: Execution, taker: RowTaker): Promise<number> {
  const { topology, statement } = execution;
  const target = shardsOfTarget(plan.target, topology, statement, []) ?? [...topology.shards.keys()];
  const participants = await participantsOf(execution, target);
  const limit = rowCount(plan.limit, statement, "LIMIT");
  const window = new RowWindow(rowCount(plan.offset, statement, "OFFSET") ?? 0, limit);
  for (const participant of participants) if (!plan.readOnly) participant.wrote = true;
  const own = await describeOwn(execution, participants[0]!);
  const shown = own ?? (await describeVisible(plan, execution, participants[0]!));
  const formats = outputFormats(execution.output.formats, shown.length, plan.hiddenColumns);
  const query = {
    sql: plan.sql,
    parameters: statement.parameters,
    parameterTypes: statement.parameterTypes,
    formats,
  };
  const read = async (streams: readonly ShardRows[]) => {
    taker.fields(shown.map((field, i) => ({ ...field, format: formats[i]! })));
    if (plan.orderBy.length > 0) {
      for await (const batch of mergeRows(streams, plan.orderBy, streams[0]!.fields ?? [])) {
        const part = window.cut(batch);
        if (part.length > 0) await taker.rows(part);
        if (window.isFull) break;
      }
    } else {
      await Promise.all(streams.map((stream) => concat(stream, window, taker)));
    }
    return window.kept;
  };
  return viewing(execution, participants, participants.length, plan.readOnly, (view) =>
    withView(execution, view, partQueries(participants, query), undefined, read),
  );
}

/** The columns of `plan.sql` without those that only the merge needs. */
export async function describeVisible(
  plan: ScatterPlan,
  execution: Execution,
  participant: Participant,
): Promise<readonly Field[]> {
  const types = parameterTypesAt(execution, participant.shard);
  const { fields = [] } = await execution.descriptions.describe(execution.scope, plan.sql, types, participant);
  return fields.slice(0, fields.length - plan.hiddenColumns);
}

async function concat(stream: ShardRows, window: RowWindow, taker: RowTaker): Promise<void> {
  for (let batch = await stream.next(); batch !== undefined && !window.isFull; batch = await stream.next()) {
    const part = window.cut(batch);
    if (part.length > 0) await taker.rows(part);
  }
}

/** One format code per column: the client's for what it sees, binary for what only the merge sees. */
function outputFormats(wanted: readonly number[], visible: number, hidden: number): number[] {
  const formats: number[] = [];
  for (let i = 0; i < visible; i++) formats.push(wanted.length === 1 ? wanted[0]! : (wanted[i] ?? 0));
  for (let i = 0; i < hidden; i++) formats.push(1);
  return formats;
}

/** Sends rows to the client, and waits where it does not read. */
export function clientTaker(execution: Execution): RowTaker {
  const { sink, output } = execution;
  return {
    fields(fields) {
      if (output.describe) sink.write(encodeRowDescription(fields));
    },
    async rows(batch) {
      if (!sink.write(batch)) await sink.drained();
    },
  };
}
