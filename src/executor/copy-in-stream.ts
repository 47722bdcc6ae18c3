// One shard's end of COPY .. FROM STDIN: the statement is sent, then data is written while the shard takes it. An error
// of the shard may come at any time; after it the shard throws away what is still written.
//
// states: asked -> ready (CopyInResponse) -> finishing (CopyDone or CopyFail sent) -> ended (ReadyForQuery, or lost)
//         asked, ready -> ended, after an error of the shard
import type { AppError } from "../base/app-error.ts";
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { copyDoneMessage, copyFailMessage, queryMessage } from "../pgwire/frontend-encode.ts";
import { backend, headerBytes } from "../pgwire/message-type.ts";
import type { Participant } from "../transaction/participant.ts";

const watched = watch(
  backend.errorResponse,
  backend.copyInResponse,
  backend.commandComplete,
  backend.noticeResponse,
  backend.parameterStatus,
);

export class CopyInStream implements AnswerHandler {
  readonly watched = watched;
  readonly wholeMessages = true;
  readonly participant: Participant;
  /** 0 text, 1 binary; known once `started` has resolved. */
  format: 0 | 1 = 0;
  columns = 0;
  /** Known at the end. */
  tag = "";
  /** The first error, as soon as it has come. */
  error: Error | undefined;
  /** Resolves when the shard waits for data. Rejects with ShardError or AppError. */
  readonly started: Promise<void>;
  /** Resolves when the request is answered to its end, whatever the outcome; never rejects. */
  readonly ended: Promise<void>;
  /** Called with `error` when there is one. */
  onError: (error: Error) => void = () => {};
  #onNotice: (message: Buffer) => void;
  #state: "asked" | "ready" | "finishing" | "ended" = "asked";
  #resolveStarted!: () => void;
  #rejectStarted!: (error: Error) => void;
  #resolveEnded!: () => void;

  /** Sends the statement at once. `onNotice` gets NoticeResponse and ParameterStatus messages. */
  constructor(participant: Participant, sql: string, onNotice: (message: Buffer) => void) {
    this.participant = participant;
    this.#onNotice = onNotice;
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    participant.request(queryMessage(sql), this);
  }

  /** CopyData messages. False: wait for `drained` before more. */
  write(messages: Buffer): boolean {
    if (this.#state !== "ready") return true;
    return this.participant.lease.connection.write(messages);
  }

  /** Rejects with AppError when the connection is lost. */
  drained(): Promise<void> {
    return this.participant.lease.connection.drained();
  }

  /** All data has been written. Resolves with the command tag; rejects with ShardError or AppError. */
  async finish(): Promise<string> {
    if (this.#state === "ready") {
      this.#state = "finishing";
      this.participant.lease.connection.write(copyDoneMessage);
    }
    await this.ended;
    if (this.error !== undefined) throw this.error;
    return this.tag;
  }

  /** Gives up; resolves when the connection can be used again, the transaction on it has failed. */
  async abandon(): Promise<void> {
    // It may wait for a lock.
    if (this.#state === "asked") this.participant.lease.connection.cancel();
    await this.started.catch(() => {});
    if (this.#state === "ready") {
      this.#state = "finishing";
      this.participant.lease.connection.write(copyFailMessage("the statement has failed elsewhere"));
    }
    await this.ended;
  }

  forward(): boolean {
    return false;
  }

  message(type: number, message: Buffer): boolean {
    switch (type) {
      case backend.errorResponse:
        this.#fail(new ShardError(message));
        break;
      case backend.copyInResponse:
        this.format = message[headerBytes] === 1 ? 1 : 0;
        this.columns = message.readUInt16BE(headerBytes + 1);
        this.#state = "ready";
        this.#resolveStarted();
        break;
      case backend.commandComplete:
        this.tag = message.toString("utf8", headerBytes, message.length - 1);
        break;
      default:
        this.#onNotice(Buffer.from(message));
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

  #fail(error: Error): void {
    if (this.error !== undefined) return;
    this.error = error;
    this.#rejectStarted(error);
    this.onError(error);
  }

  #end(): void {
    this.#state = "ended";
    this.#resolveStarted();
    this.#resolveEnded();
  }
}
