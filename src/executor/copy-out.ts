// COPY .. TO STDOUT over several shards: their rows go to the client as they come, whole messages of one shard between
// those of the others. Of what stands around the rows (header line, binary header and trailer) the client gets one.
import type { AppError } from "../base/app-error.ts";
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import { copyDone } from "../pgwire/backend-message.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { queryMessage } from "../pgwire/frontend-encode.ts";
import { backend, headerBytes } from "../pgwire/message-type.ts";
import { MessageWriter } from "../pgwire/message-writer.ts";
import type { CopyOutPlan } from "../planner/plan.ts";
import type { Participant } from "../transaction/participant.ts";
import { copyHeaderBytes, copySignature } from "./copy-split-binary.ts";
import type { ClientSink, Execution } from "./execution.ts";
import { participantsOf, viewing } from "./open-streams.ts";
import { shardsOfTarget } from "./resolve-target.ts";
import { rowsOfTag } from "./shard-rows.ts";

/** Resolves with the command tag; CopyDone has been written. Rejects with ShardError or AppError, perhaps midway. */
export async function copyOut(plan: CopyOutPlan, execution: Execution): Promise<string> {
  const { topology, statement, sink } = execution;
  const shards = shardsOfTarget(plan.target, topology, statement, []) ?? [...topology.shards.keys()];
  const participants = await participantsOf(execution, shards);
  return viewing(execution, participants, participants.length, false, async (view) => {
    // In a READ COMMITTED transaction every shard has its own moment: COPY takes its snapshot when it runs.
    await view.begin();
    return copyFrom(participants, plan, statement.text, sink);
  });
}

async function copyFrom(
  [first, ...others]: readonly Participant[],
  plan: CopyOutPlan,
  text: string,
  sink: ClientSink,
): Promise<string> {
  // The functions of a query may write.
  if (!plan.readOnly) for (const participant of [first!, ...others]) participant.wrote = true;
  const sql = plan.sql ?? text;
  const streams = [new CopyOutStream(first!, sql, sink, plan.format, true)];
  try {
    // The client is told how the rows look before any shard's rows come.
    await streams[0]!.begun;
    for (const participant of others) streams.push(new CopyOutStream(participant, sql, sink, plan.format, false));
    await Promise.all(streams.map(({ ended }) => ended));
  } catch (error) {
    await Promise.all(streams.map((stream) => stream.abandon()));
    throw error;
  }
  if (plan.format.kind === "binary") sink.write(binaryTrailer);
  sink.write(copyDone);
  return `COPY ${streams.reduce((sum, { tag }) => sum + rowsOfTag(tag), 0)}`;
}

const copyData = (bytes: Buffer) => new MessageWriter().begin(backend.copyData).bytes(bytes).end().take();
const binaryHeader = copyData(Buffer.concat([copySignature, Buffer.alloc(copyHeaderBytes - copySignature.length)]));
const binaryTrailer = copyData(Buffer.from([0xff, 0xff]));

const watched = watch(
  backend.errorResponse,
  backend.copyOutResponse,
  backend.copyDone,
  backend.commandComplete,
  backend.noticeResponse,
  backend.parameterStatus,
);

class CopyOutStream implements AnswerHandler {
  readonly watched = watched;
  readonly wholeMessages = true;
  tag = "";
  /** The client knows what is to come. Rejects when the shard fails before. */
  readonly begun: Promise<void>;
  /** Rejects with ShardError or AppError. */
  readonly ended: Promise<void>;
  #participant: Participant;
  #sink: ClientSink;
  #format: CopyOutPlan["format"];
  #isFirst: boolean;
  #hasRows = false;
  #isPaused = false;
  #isDiscarding = false;
  #isEnded = false;
  #error: Error | undefined;
  #resolveBegun!: () => void;
  #rejectBegun!: (error: Error) => void;
  #resolveEnded!: () => void;
  #rejectEnded!: (error: Error) => void;
  #whenFree!: () => void;
  #free: Promise<void>;

  constructor(
    participant: Participant,
    sql: string,
    sink: ClientSink,
    format: CopyOutPlan["format"],
    isFirst: boolean,
  ) {
    this.#participant = participant;
    this.#sink = sink;
    this.#format = format;
    this.#isFirst = isFirst;
    this.begun = new Promise((resolve, reject) => {
      this.#resolveBegun = resolve;
      this.#rejectBegun = reject;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
    this.#free = new Promise((resolve) => {
      this.#whenFree = resolve;
    });
    this.begun.catch(() => {});
    this.ended.catch(() => {});
    participant.request(queryMessage(sql), this);
  }

  /** Cancels what is still running; resolves when the connection is free again. */
  async abandon(): Promise<void> {
    if (!this.#isEnded) {
      this.#isDiscarding = true;
      const { connection } = this.#participant.lease;
      connection.resume();
      connection.cancel();
    }
    await this.#free;
  }

  forward(bytes: Buffer): boolean {
    if (this.#isDiscarding) return false;
    const rows = this.#format.kind === "binary" ? this.#withoutFrame(bytes) : this.#withoutHeader(bytes);
    this.#hasRows = true;
    if (rows.length > 0 && !this.#sink.write(rows)) this.#pause();
    this.#resolveBegun();
    return this.#sink.pendingBytes > 0;
  }

  message(type: number, message: Buffer): boolean {
    switch (type) {
      case backend.errorResponse:
        this.#fail(new ShardError(message));
        break;
      case backend.copyOutResponse:
        if (!this.#isFirst) break;
        this.#sink.write(Buffer.from(message));
        if (this.#format.kind === "binary") this.#sink.write(binaryHeader);
        // A header line comes as the first row.
        if (!this.#format.header) this.#resolveBegun();
        break;
      case backend.commandComplete:
        this.tag = message.toString("utf8", headerBytes, message.length - 1);
        break;
      case backend.noticeResponse:
      case backend.parameterStatus:
        if (!this.#isDiscarding) this.#sink.write(Buffer.from(message));
        break;
    }
    return false;
  }

  ready(_status: number, left: number): void {
    if (left === 0) this.#end();
  }

  lost(error: AppError): void {
    this.#fail(error);
    this.#end();
  }

  /** The header line is a message of its own, the first one. */
  #withoutHeader(bytes: Buffer): Buffer {
    if (this.#isFirst || this.#hasRows || !this.#format.header) return bytes;
    return bytes.subarray(1 + bytes.readInt32BE(1));
  }

  /** Every message is a row; the first has the header in front, the last is the trailer, or has it behind the header. */
  #withoutFrame(bytes: Buffer): Buffer {
    let start = 0;
    if (!this.#hasRows) {
      const length = bytes.readInt32BE(1) - copyHeaderBytes;
      bytes[copyHeaderBytes] = backend.copyData;
      bytes.writeInt32BE(length, copyHeaderBytes + 1);
      start = copyHeaderBytes;
    }
    let at = start;
    while (at < bytes.length && bytes.readInt16BE(at + headerBytes) !== -1) at += 1 + bytes.readInt32BE(at + 1);
    return bytes.subarray(start, at);
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    const { connection } = this.#participant.lease;
    connection.pause();
    this.#sink.drained().then(
      () => {
        this.#isPaused = false;
        connection.resume();
      },
      (error: Error) => this.#fail(error),
    );
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#rejectBegun(error);
    this.#rejectEnded(error);
  }

  #end(): void {
    this.#isEnded = true;
    this.#resolveBegun();
    this.#resolveEnded();
    this.#whenFree();
  }
}
