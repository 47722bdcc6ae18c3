// COPY .. FROM STDIN: every shard gets the client's own statement, and of the data the rows that belong to it, as the
// client wrote them. A reference table's data goes to all shards, an unsharded table's to the home shard.
import type { CopyInPlan } from "../planner/plan.ts";
import { type DataTaker, feed, forAll, throughStreams } from "./copy-feed.ts";
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

/** Resolves with the command tag. Rejects with SqlError or AppError; then the transaction can only be rolled back. */
export async function copyIn(plan: CopyInPlan, execution: Execution, input: CopyInput): Promise<string> {
  const { topology, sink, statement } = execution;
  const isSplit = plan.into === "distributed";
  const shards = plan.into === "home" ? [topology.home] : allShards(topology).map(({ name }) => name);
  const participants = await participantsOf(execution, shards);
  const writesAnyway = !isSplit || mayHaveTriggers(plan, execution);
  const streams = participants.map((participant, i) => {
    if (writesAnyway) participant.wrote = true;
    return new CopyInStream(participant, statement.text, (message) => (isSplit || i === 0) && sink.write(message));
  });
  const rows = new ShardRowSink(
    streams.length,
    (shard, message) => streams[shard]!.write(message),
    (shard) => {
      participants[shard]!.wrote = true;
    },
  );
  try {
    const tags = await throughStreams(streams, async () => {
      const [first] = streams;
      input.start(first!.format, first!.columns);
      await feed(input, isSplit ? splitter(plan, execution, streams, rows) : forAll(rows), rows, streams);
    });
    return isSplit ? `COPY ${tags.reduce((sum, tag) => sum + rowsOfTag(tag), 0)}` : tags[0]!;
  } catch (error) {
    const failed = streams.findIndex((stream) => stream.error === error);
    if (failed < 0 || !isSplit) throw error;
    throw withClientLine(error, (line) => rows.clientLine(failed, line));
  }
}

/** A trigger FOR EACH STATEMENT fires on shards that get no row, too. */
function mayHaveTriggers({ stored }: CopyInPlan, { catalog }: Execution): boolean {
  return [...catalog.relations.values()].some((byName) => byName.get(stored?.relation ?? "")?.hasTriggers === true);
}

function splitter(
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
