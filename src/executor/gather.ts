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
  const { participants, patience, inputs, finalReadsTables } = prepared;
  const questions = inputs.reduce((sum, { sources }) => sum + sources.length, finalReadsTables ? 1 : 0);
  for (;;) {
    try {
      return await viewing(execution, participants, questions, plan.readOnly, (view) =>
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
  const arrays =
    inputs.length === 0 ? [] : await collect(inputs, execution, view, finalReadsTables ? final : undefined);
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
  const targets = plan.inputs.map(
    (input) => shardsOfTarget(input.target, topology, statement, []) ?? [...topology.shards.keys()],
  );
  const sourceShards = new Set(targets.flat());
  const preferred = sourceShards.size === 1 ? sourceShards : execution.joined();
  const finalShard = shardsOfTarget(plan.finalTarget, topology, statement, preferred)?.[0] ?? topology.home;
  // All connections are taken first, in order; see participantsOf.
  const participants = await participantsOf(execution, [finalShard, ...sourceShards]);
  if (!plan.readOnly) for (const participant of participants) participant.wrote = true;
  const final = participants.find(({ shard }) => shard === finalShard)!;
  const own = await describeOwn(execution, final);
  // Asked in one piece, a shard sees all of it at one moment, in every isolation level.
  if (participants.length === 1 && !isRecursive.test(plan.finalSql)) return inOnePiece(plan, execution, final, own);
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
    sql = withInput(sql, input, unnestSql(columns, parameterTypes.length + 1));
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

/** There a common table expression of the client's could hide what an input means by its name. */
const isRecursive = /^WITH RECURSIVE\b/i;

/** Nothing has to travel: where the final query runs, the inputs are as well. */
function inOnePiece(
  plan: GatherPlan,
  { statement, helpCommit, signal }: Execution,
  final: Participant,
  own: readonly Field[] | undefined,
): PreparedGather {
  const sql = plan.inputs.reduce((text, input) => withInput(text, input, input.sql), plan.finalSql);
  return {
    final,
    finalReadsTables: true,
    participants: [final],
    patience: new Patience(helpCommit, signal),
    inputs: [],
    sql,
    parameterTypes: statement.parameterTypes,
    own,
  };
}

/** The final query with the query of an input in the place of its marker. */
function withInput(finalSql: string, { name }: GatherInput, query: string): string {
  return finalSql.replace(`SELECT 'shardgres:${name}'`, () => query);
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
