// Parts of a query run on the shards; their rows travel as arrays to one shard, where PostgreSQL itself finishes the
// query. So whatever is done to the rows there is done exactly as PostgreSQL does it.
import { assert } from "../base/assert.ts";
import { firstUserOid } from "../pgwire/oid.ts";
import type { Field } from "../pgwire/row-description.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { GatherInput, GatherPlan } from "../planner/plan.ts";
import type { Participant } from "../transaction/participant.ts";
import { halfDone, Patience } from "../transaction/patience.ts";
import { ColumnArrays } from "./column-arrays.ts";
import { describeOwn } from "./describe-own.ts";
import { type Execution, parameterTypesAt } from "./execution.ts";
import { type PartQuery, participantsOf, partQueries, viewing, withView } from "./open-streams.ts";
import { shardsOfTarget } from "./resolve-target.ts";
import type { RowTaker } from "./scatter.ts";
import { plainView, StatementOutdated, type StatementView } from "./statement-view.ts";
import { type TravellingColumn, travellingColumns, unnestSql } from "./travelling-columns.ts";

/** A gather whose inputs' types are known, so that the final query can be described and run. */
interface PreparedGather {
  readonly final: Participant;
  /** The final query reads more than the inputs: unsharded or reference tables, or what functions read. */
  readonly finalReadsTables: boolean;
  /** All that see the shards together: those of the inputs, and `final` if it reads tables. */
  readonly participants: readonly Participant[];
  readonly patience: Patience;
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
  const prepared = await prepare(plan, execution);
  const { patience } = prepared;
  for (;;) {
    try {
      return await viewing(execution, prepared.participants, plan.readOnly, (view) =>
        gatherOnce(prepared, execution, view, taker),
      );
    } catch (error) {
      // Nothing has been given to the taker yet.
      if (!(error instanceof StatementOutdated)) throw error;
      if (!plan.readOnly) throw halfDone(error.missing[0]!);
      await patience.wait(error.missing);
    }
  }
}

async function gatherOnce(
  { final, finalReadsTables, inputs, sql, parameterTypes, own }: PreparedGather,
  execution: Execution,
  view: StatementView,
  taker: RowTaker,
): Promise<number> {
  const arrays = await collect(inputs, execution, view, finalReadsTables ? final : undefined);
  const query = {
    sql,
    parameters: execution.statement.parameters,
    parameterTypes,
    more: arrays,
    formats: execution.output.formats,
  };
  const finalView = finalReadsTables ? view : plainView;
  return withView(execution, finalView, partQueries([final], query), undefined, async ([stream]) => {
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
  const inputs: PreparedGather["inputs"][number][] = [];
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
  const finalReadsTables = plan.finalReadsTables;
  const readers = participants.filter(
    (each) => (each === final && finalReadsTables) || inputs.some(({ sources }) => sources.includes(each)),
  );
  const patience = new Patience(execution.helpCommit, execution.signal);
  return { final, finalReadsTables, participants: readers, patience, inputs, sql, parameterTypes, own };
}

/** All inputs at once: in a READ COMMITTED transaction that is how they see the same moment. Resolves with their arrays. */
async function collect(
  inputs: PreparedGather["inputs"],
  execution: Execution,
  view: StatementView,
  goesOn: Participant | undefined,
): Promise<Buffer[]> {
  const { statement, maxGatheredRows } = execution;
  const queries: PartQuery[] = [];
  const arraysOf: ColumnArrays[] = [];
  const all: ColumnArrays[] = [];
  for (const { input, sources, columns } of inputs) {
    const arrays = new ColumnArrays(columns.map(({ elementType }) => elementType));
    all.push(arrays);
    const query = {
      sql: input.sql,
      parameters: statement.parameters,
      parameterTypes: statement.parameterTypes,
      formats: columns.map(({ format }) => format),
    };
    for (const part of partQueries(sources, query)) {
      queries.push(part);
      arraysOf.push(arrays);
    }
  }
  await withView(execution, view, queries, goesOn, async (streams) => {
    await Promise.all(
      streams.map(async (stream, i) => {
        const rows = arraysOf[i]!;
        for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
          for (let at = 0; at < batch.length; ) at = rows.addRow(batch, at);
          if (rows.count > maxGatheredRows) throw tooManyRows(maxGatheredRows);
        }
      }),
    );
  });
  return all.flatMap((arrays) => arrays.encode());
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
