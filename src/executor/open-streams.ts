// The same query on several shards, all at once.
import { ShardError } from "../pgwire/error-fields.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";
import { allShards, type Execution } from "./execution.ts";
import { type ShardQuery, ShardRows } from "./shard-rows.ts";

/** Takes the connections in the order of the shards' ordinals, so that statements never wait for each other in a circle. */
export async function participantsOf(execution: Execution, shards: readonly ShardName[]): Promise<Participant[]> {
  const wanted = new Set(shards);
  const participants: Participant[] = [];
  for (const { name } of allShards(execution.topology)) {
    if (wanted.has(name)) participants.push(await execution.participant(name));
  }
  return participants;
}

/** Runs `use` on the streams and closes them whatever happens; the first error of any shard is thrown. */
export async function withStreams<T>(
  execution: Execution,
  participants: readonly Participant[],
  query: ShardQuery | ((participant: Participant) => ShardQuery),
  use: (streams: readonly ShardRows[]) => Promise<T>,
): Promise<T> {
  const { statement, sink, userTypes, signal } = execution;
  signal?.throwIfAborted();
  const queries: ShardQuery[] = [];
  for (const participant of participants) {
    const wanted = typeof query === "function" ? query(participant) : query;
    // Those of the client are the home shard's; those of arrays are built in.
    const parameterTypes = wanted.parameterTypes.map((typeOid) => userTypes.toShard(participant.shard, typeOid));
    queries.push({ ...wanted, parameterTypes });
  }
  const streams = participants.map((participant, i) => new ShardRows(participant, queries[i]!, sink, i === 0));
  let isFailed = true;
  try {
    await Promise.all(streams.map((stream) => stream.described));
    const result = await use(streams);
    isFailed = false;
    return result;
  } catch (error) {
    // A position in a text that the client does not know would only mislead.
    const isOwnText = queries.every(({ sql }) => sql === statement.text);
    throw error instanceof ShardError && !isOwnText ? error.withoutPosition() : error;
  } finally {
    await Promise.all(streams.map((stream) => stream.close(isFailed)));
  }
}
