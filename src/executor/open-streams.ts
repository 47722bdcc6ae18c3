// The same query on several shards, all at once.
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
  const streams = participants.map(
    (participant) =>
      new ShardRows(participant, typeof query === "function" ? query(participant) : query, execution.sink),
  );
  let isFailed = true;
  try {
    await Promise.all(streams.map((stream) => stream.described));
    const result = await use(streams);
    isFailed = false;
    return result;
  } finally {
    await Promise.all(streams.map((stream) => stream.close(isFailed)));
  }
}
