// COPY .. FROM STDIN: every shard gets the client's own statement, and of the data the rows that belong to it, as the
// client wrote them. A reference table's data goes to all shards, an unsharded table's to the home shard.
import { assert } from "../base/assert.ts";
import type { CopyInPlan } from "../planner/plan.ts";
import { CopyInStream } from "./copy-in-stream.ts";
import type { CopyInput } from "./copy-input.ts";
import { KeyRouter } from "./copy-key-router.ts";
import { withClientLine } from "./copy-line-number.ts";
import { type RowSink, ShardRowSink } from "./copy-row-sink.ts";
import { CopySplitter, type RowScanner } from "./copy-split.ts";
import { BinaryScanner } from "./copy-split-binary.ts";
import { CsvScanner } from "./copy-split-csv.ts";
import { TextScanner } from "./copy-split-text.ts";
import { allShards, type Execution } from "./execution.ts";
import { participantsOf } from "./open-streams.ts";
import { rowsOfTag } from "./shard-rows.ts";
import { streamIndexOfBucket } from "./stream-index-of-bucket.ts";

/** So much is split at a time before it is asked whether the shards keep up. */
const pieceBytes = 128 * 1024;
/** A client that pauses for about this long has its rows sent on, so that it hears of errors in them. */
const idleMs = 20;

/** Resolves with the command tag. Rejects with SqlError or AppError; then the transaction can only be rolled back. */
export async function copyIn(plan: CopyInPlan, execution: Execution, input: CopyInput): Promise<string> {
  const { topology, sink, statement } = execution;
  const shards = plan.into === "home" ? [topology.home] : allShards(topology).map(({ name }) => name);
  const participants = await participantsOf(execution, shards);
  const streams = participants.map((participant, i) => {
    if (plan.into !== "distributed") participant.wrote = true;
    const seesNotices = plan.into === "distributed" || i === 0;
    return new CopyInStream(participant, statement.text, (notice) => seesNotices && sink.write(notice));
  });
  const rows = new ShardRowSink(
    streams.length,
    (shard, message) => streams[shard]!.write(message),
    (shard) => {
      participants[shard]!.wrote = true;
    },
  );
  try {
    await Promise.all(streams.map(({ started }) => started));
    input.start(streams[0]!.format, streams[0]!.columns);
    const take = plan.into === "distributed" ? splitTaker(plan, execution, streams, rows) : copyTaker(rows);
    await feed(input, take, rows, streams);
    const tags = await Promise.all(streams.map((stream) => stream.finish()));
    if (plan.into !== "distributed") return tags[0]!;
    return `COPY ${tags.reduce((sum, tag) => sum + rowsOfTag(tag), 0)}`;
  } catch (error) {
    await Promise.all(streams.map((stream) => stream.abandon()));
    const failed = streams.findIndex((stream) => stream.error === error);
    if (failed < 0) throw error;
    throw withClientLine(error, (line) => (plan.into === "distributed" ? rows.clientLine(failed, line) : line));
  }
}

/** What is done with the data: both throw SqlError. */
interface DataTaker {
  push(piece: Buffer): void;
  end(): void;
}

function splitTaker(
  plan: CopyInPlan,
  { topology }: Execution,
  streams: readonly CopyInStream[],
  rows: RowSink,
): DataTaker {
  const shards = streams.map(({ participant }) => participant.shard);
  const router = new KeyRouter(plan, streamIndexOfBucket(topology, shards));
  const version = streams[0]!.participant.lease.connection.parameters.get("server_version") ?? "";
  return new CopySplitter(scannerOf(plan, router, Number.parseInt(version, 10) < 18), rows);
}

function scannerOf(plan: CopyInPlan, router: KeyRouter, hasEndMarkerInCsv: boolean): RowScanner {
  switch (plan.format.kind) {
    case "text":
      return new TextScanner(plan.format, plan.fieldCount, router);
    case "csv":
      return new CsvScanner(plan.format, plan.fieldCount, router, hasEndMarkerInCsv);
    case "binary":
      return new BinaryScanner(plan.fieldCount, router);
  }
}

function copyTaker(rows: RowSink): DataTaker {
  return { push: (piece) => rows.everywhere(piece, 0, piece.length, false), end: () => {} };
}

/** Pulls the data, and stops early at the first error of a shard, even while the client sends nothing. */
async function feed(
  input: CopyInput,
  taker: DataTaker,
  rows: ShardRowSink,
  streams: readonly CopyInStream[],
): Promise<void> {
  const failure = new Promise<never>((_, reject) => {
    for (const stream of streams) {
      if (stream.error !== undefined) reject(stream.error);
      stream.onError = reject;
    }
  });
  failure.catch(() => {});
  const data = input[Symbol.asyncIterator]();
  let isAtEnd = false;
  let pieces = 0;
  let piecesSent = 0;
  const whenIdle = setInterval(() => {
    if (pieces === piecesSent) rows.flush();
    piecesSent = pieces;
  }, idleMs);
  try {
    for (;;) {
      const next = data.next();
      next.catch(() => {});
      const { done, value } = await Promise.race([next, failure]);
      if (done === true) break;
      for (let at = 0; at < value.length; at += pieceBytes) {
        taker.push(value.subarray(at, at + pieceBytes));
        pieces++;
        await Promise.race([Promise.all(streams.map((stream) => stream.drained())), failure]);
      }
    }
    isAtEnd = true;
    taker.end();
    rows.flush();
  } finally {
    clearInterval(whenIdle);
    // Not waited for: the client may send nothing for long.
    if (!isAtEnd) data.return?.()?.catch(() => {});
  }
  assert(
    streams.every(({ error }) => error === undefined),
    "an error of a shard was passed over",
  );
}
