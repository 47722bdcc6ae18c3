// Rows of a query on one shard into tables of others, as COPY data from connection to connection.
import { backend, headerBytes } from "../pgwire/message-type.ts";
import type { CopyFormat, CopyInPlan } from "../planner/plan.ts";
import type { ShardKeyType } from "../sharding/shard-key-type.ts";
import type { Participant } from "../transaction/participant.ts";
import { type DataTaker, feed, forAll, throughStreams } from "./copy-feed.ts";
import { CopyInStream } from "./copy-in-stream.ts";
import { KeyRouter } from "./copy-key-router.ts";
import { ShardRowSink } from "./copy-row-sink.ts";
import { CopySplitter } from "./copy-split.ts";
import { BinaryScanner } from "./copy-split-binary.ts";
import { TextScanner } from "./copy-split-text.ts";
import type { Execution } from "./execution.ts";
import { withStreams } from "./open-streams.ts";
import { rowsOfTag, type ShardRows } from "./shard-rows.ts";
import { streamIndexOfBucket } from "./stream-index-of-bucket.ts";

export interface RowMove {
  readonly from: Participant;
  readonly to: readonly Participant[];
  /** SELECT of all `columnCount` columns of `into`, in its order. None of the rows belongs to the shard `from`. */
  readonly query: string;
  /** `table (columns)` as SQL. */
  readonly into: string;
  readonly columnCount: number;
  /** Binary only for columns whose values mean the same on every shard. */
  readonly format: "text" | "binary";
  /** Position and type of each column of the shard key: a row goes to the owner of its bucket. undefined: to all of `to`. */
  readonly key: { readonly columns: readonly number[]; readonly types: readonly ShardKeyType[] } | undefined;
}

/** Resolves with the number of rows that each of `to` got. */
export async function moveRows(move: RowMove, execution: Execution): Promise<number[]> {
  const options = `WITH (FORMAT ${move.format})`;
  const query = {
    sql: `COPY (${move.query}) TO STDOUT ${options}`,
    parameters: undefined,
    parameterTypes: [],
    formats: [],
  };
  return withStreams(execution, [move.from], query, async ([source]) => {
    const streams = move.to.map(
      (participant) => new CopyInStream(participant, `COPY ${move.into} FROM STDIN ${options}`, () => {}),
    );
    const rows = new ShardRowSink(
      streams.length,
      (shard, message) => streams[shard]!.write(message),
      () => {},
    );
    const tags = await throughStreams(streams, () =>
      feed(payloads(source!), takerOf(move, execution, rows), rows, streams),
    );
    return tags.map(rowsOfTag);
  });
}

const textFormat: CopyFormat = { kind: "text", delimiter: "\t", null: "\\N", quote: '"', escape: '"', header: false };

function takerOf(move: RowMove, { topology }: Execution, rows: ShardRowSink): DataTaker {
  if (move.key === undefined) return forAll(rows);
  const plan: CopyInPlan = {
    kind: "copy-in",
    into: "distributed",
    types: move.key.types,
    keyColumns: move.key.columns,
    fieldCount: move.columnCount,
    format: { ...textFormat, kind: move.format },
  };
  const shards = move.to.map(({ shard }) => shard);
  const router = new KeyRouter(plan, streamIndexOfBucket(topology, shards));
  const isText = move.format === "text";
  const scanner = isText
    ? new TextScanner(plan.format, plan.fieldCount, router)
    : new BinaryScanner(plan.fieldCount, router);
  return new CopySplitter(scanner, rows);
}

/** The data of the CopyData messages among a shard's answers; each piece is good until the next. */
async function* payloads(source: ShardRows): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(64 * 1024);
  for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
    if (piece.length < batch.length) piece = Buffer.allocUnsafeSlow(batch.length);
    let length = 0;
    for (let at = 0; at < batch.length; ) {
      const end = at + 1 + batch.readInt32BE(at + 1);
      if (batch[at] === backend.copyData) length += batch.copy(piece, length, at + headerBytes, end);
      at = end;
    }
    yield piece.subarray(0, length);
  }
}
