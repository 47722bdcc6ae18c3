// Parts of a query run on the shards; their rows travel as arrays to one shard, where PostgreSQL itself finishes the
// query. So whatever is done to the rows there is done exactly as PostgreSQL does it.
import { assert } from "../base/assert.ts";
import { firstUserOid } from "../pgwire/oid.ts";
import type { Field } from "../pgwire/row-description.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { GatherInput, GatherPlan } from "../planner/plan.ts";
import type { Participant } from "../transaction/participant.ts";
import { ColumnArrays } from "./column-arrays.ts";
import { describeOwn } from "./describe-own.ts";
import { type Execution, parameterTypesAt } from "./execution.ts";
import { participantsOf, withStreams } from "./open-streams.ts";
import { shardsOfTarget } from "./resolve-target.ts";
import type { RowTaker } from "./scatter.ts";
import { type TravellingColumn, travellingColumns, unnestSql } from "./travelling-columns.ts";

/** A gather whose inputs' types are known, so that the final query can be described and run. */
interface PreparedGather {
  readonly final: Participant;
  readonly inputs: readonly {
    readonly input: GatherInput;
    readonly sources: readonly Participant[];
    readonly columns: readonly TravellingColumn[];
  }[];
  readonly sql: string;
  readonly parameterTypes: readonly number[];
  /** The columns of the client's own text, if there is one. */
  readonly own: readonly Field[] | undefined;
}

/** Resolves with the number of rows. */
export async function gather(plan: GatherPlan, execution: Execution, taker: RowTaker): Promise<number> {
  const { final, inputs, sql, parameterTypes, own } = await prepare(plan, execution);
  const arrays: Buffer[] = [];
  for (const { input, sources, columns } of inputs) {
    const rows = await collect(input, sources, columns, execution);
    arrays.push(...rows.encode());
  }
  const query = {
    sql,
    parameters: execution.statement.parameters,
    parameterTypes,
    more: arrays,
    formats: execution.output.formats,
  };
  return withStreams(execution, [final], query, async ([stream]) => {
    let count = 0;
    const first = await stream!.next();
    taker.fields(ownColumns(own, stream!.fields ?? []));
    for (let batch = first; batch !== undefined; batch = await stream!.next()) {
      count += countRows(batch);
      await taker.rows(batch);
    }
    return count;
  });
}

/** The columns that `gather` will give. */
export async function describeGather(plan: GatherPlan, execution: Execution): Promise<readonly Field[]> {
  const { final, sql, parameterTypes } = await prepare(plan, execution);
  const types = [
    ...parameterTypesAt(execution, final.shard),
    ...parameterTypes.slice(execution.statement.parameterTypes.length),
  ];
  const { fields } = await execution.descriptions.describe(execution.scope, sql, types, final);
  return fields ?? [];
}

async function prepare(plan: GatherPlan, execution: Execution): Promise<PreparedGather> {
  const { topology, statement } = execution;
  const finalShard = shardsOfTarget(plan.finalTarget, topology, statement, execution.joined())?.[0] ?? topology.home;
  const targets = plan.inputs.map(
    (input) => shardsOfTarget(input.target, topology, statement, []) ?? [...topology.shards.keys()],
  );
  // All connections are taken first, in order; see participantsOf.
  const participants = await participantsOf(execution, [finalShard, ...targets.flat()]);
  if (!plan.readOnly) for (const participant of participants) participant.wrote = true;
  const final = participants.find(({ shard }) => shard === finalShard)!;
  const own = await describeOwn(execution, final);
  let sql = plan.finalSql;
  const parameterTypes = [...statement.parameterTypes];
  const inputs = [];
  for (const [i, input] of plan.inputs.entries()) {
    const { fields } = await execution.descriptions.describe(
      execution.scope,
      input.sql,
      parameterTypesAt(execution, final.shard),
      final,
    );
    const columns = await travellingColumns(fields ?? [], execution, final);
    sql = sql.replace(`SELECT 'shardgres:${input.name}'`, () => unnestSql(columns, parameterTypes.length + 1));
    parameterTypes.push(...columns.map(({ arrayType }) => arrayType));
    inputs.push({ input, columns, sources: participants.filter(({ shard }) => targets[i]!.includes(shard)) });
  }
  return { final, inputs, sql, parameterTypes, own };
}

async function collect(
  input: GatherInput,
  sources: readonly Participant[],
  columns: readonly TravellingColumn[],
  execution: Execution,
): Promise<ColumnArrays> {
  const { statement, maxGatheredRows } = execution;
  const rows = new ColumnArrays(columns.map(({ elementType }) => elementType));
  const query = {
    sql: input.sql,
    parameters: statement.parameters,
    parameterTypes: statement.parameterTypes,
    formats: columns.map(({ format }) => format),
  };
  await withStreams(execution, sources, query, async (streams) => {
    await Promise.all(
      streams.map(async (stream) => {
        for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
          for (let at = 0; at < batch.length; ) at = rows.addRow(batch, at);
          if (rows.count > maxGatheredRows) throw tooManyRows(maxGatheredRows);
        }
      }),
    );
  });
  return rows;
}

function countRows(batch: Buffer): number {
  let count = 0;
  for (let at = 0; at < batch.length; at += 1 + batch.readInt32BE(at + 1)) count++;
  return count;
}

export function tooManyRows(limit: number): SqlError {
  return new SqlError({
    code: "54000",
    message: `the statement moves more than ${limit} rows between shards`,
    hint: 'Restrict it further, join on the shard key, or raise the limit with SET "shardgres.max_gathered_rows".',
  });
}

/** Names, types and modifiers as the client's own text has them; the values are those of the final query. */
function ownColumns(own: readonly Field[] | undefined, final: readonly Field[]): readonly Field[] {
  if (own === undefined) return final;
  assert(own.length === final.length, "a gathered query has other columns than the client's");
  return own.map((field, i) => {
    const { typeOid, format } = final[i]!;
    // A domain, or an array of one, travels as what it is made of.
    const isSame = field.typeOid === typeOid || field.typeOid >= firstUserOid;
    assert(isSame, `a gathered column has type ${typeOid} instead of ${field.typeOid}`);
    return { ...field, format };
  });
}
