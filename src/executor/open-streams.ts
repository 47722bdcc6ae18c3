// The same query on several shards, all at once.
import { ShardError } from "../pgwire/error-fields.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";
import { allShards, type Execution } from "./execution.ts";
import { type ShardQuery, ShardRows } from "./shard-rows.ts";
import { plainView, type StatementView, statementView } from "./statement-view.ts";

/**
 * Takes the connections in the order of the shards' ordinals, so that statements never wait for each other in a circle.
 * While one of the shards has no primary it takes none, so that those who want the others are not held up.
 */
export async function participantsOf(execution: Execution, shards: readonly ShardName[]): Promise<Participant[]> {
  await execution.untilReachable?.(shards);
  const wanted = new Set(shards);
  const participants: Participant[] = [];
  for (const { name } of allShards(execution.topology)) {
    if (wanted.has(name)) participants.push(await execution.participant(name));
  }
  return participants;
}

/** What one query asks of one shard. */
export interface PartQuery {
  readonly participant: Participant;
  readonly query: ShardQuery;
  /** Of several shards that are asked the same this is the one whose settings the client is told. */
  readonly isFirst: boolean;
}

/** The same query for several shards, or one for each. */
export function partQueries(
  participants: readonly Participant[],
  query: ShardQuery | ((participant: Participant) => ShardQuery),
): PartQuery[] {
  return participants.map((participant, i) => ({
    participant,
    query: typeof query === "function" ? query(participant) : query,
    isFirst: i === 0,
  }));
}

/** Runs `use` on the streams and closes them whatever happens; the first error of any shard is thrown. */
export function withStreams<T>(
  execution: Execution,
  participants: readonly Participant[],
  query: ShardQuery | ((participant: Participant) => ShardQuery),
  use: (streams: readonly ShardRows[]) => Promise<T>,
): Promise<T> {
  return withView(execution, plainView, partQueries(participants, query), undefined, use);
}

/** The same for queries that see the shards at one moment. `goesOn`: the participant that the view will ask again. */
export async function withView<T>(
  execution: Execution,
  view: StatementView,
  queries: readonly PartQuery[],
  goesOn: Participant | undefined,
  use: (streams: readonly ShardRows[]) => Promise<T>,
): Promise<T> {
  const { statement, sink, userTypes, signal } = execution;
  signal?.throwIfAborted();
  const parts = queries.map(({ participant, query, isFirst }) => {
    // Types of the client are the home shard's; those of arrays are built in.
    const parameterTypes = query.parameterTypes.map((typeOid) => userTypes.toShard(participant.shard, typeOid));
    const own = { ...query, parameterTypes };
    return { participant, stream: () => new ShardRows(participant, own, sink, isFirst) };
  });
  let streams: readonly ShardRows[] = [];
  let isFailed = true;
  try {
    streams = await view.open(parts, goesOn);
    await Promise.all(streams.map((stream) => stream.described));
    // One that has failed before it could say what its rows are has no columns.
    for (const { error } of streams) if (error !== undefined) throw error;
    const result = await use(streams);
    isFailed = false;
    return result;
  } catch (error) {
    // A position in a text that the client does not know would only mislead.
    const isOwnText = queries.every(({ query }) => query.sql === statement.text);
    throw error instanceof ShardError && !isOwnText ? error.withoutPosition() : error;
  } finally {
    await Promise.all(streams.map((stream) => stream.close(isFailed)));
  }
}

/**
 * Makes a view for a statement that asks these shards so many questions in all, and ends it. `mayRepeat`: see ViewOptions.
 */
export async function viewing<T>(
  execution: Execution,
  participants: readonly Participant[],
  questions: number,
  mayRepeat: boolean,
  work: (view: StatementView) => Promise<T>,
): Promise<T> {
  const kind = execution.viewKind(participants.length, questions);
  const view = statementView(kind, participants, {
    help: execution.helpCommit,
    signal: execution.signal,
    mayRepeat,
  });
  try {
    return await work(view);
  } finally {
    await view.end();
  }
}
