// The answer of one shard, to the client as the bytes that came. Looks only at what changes the session: errors,
// commands that ended, and COPY.
import type { AppError } from "../base/app-error.ts";
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import type { ServerConnection } from "../pgclient/server-connection.ts";
import { parseComplete } from "../pgwire/backend-message.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { backend } from "../pgwire/message-type.ts";
import { translateParameterDescription, translateRowDescription } from "../pgwire/row-description.ts";
import type { ClientSink } from "./execution.ts";

const always = [backend.errorResponse, backend.copyInResponse, backend.copyBothResponse];
const tables = [false, true].map((hasTag) =>
  [false, true].map((hasFields) =>
    watch(
      ...always,
      ...(hasTag ? [backend.commandComplete] : []),
      ...(hasFields ? [backend.rowDescription, backend.parameterDescription] : []),
    ),
  ),
);

/** Unsent bytes from which on the shard is not read any more until the client has caught up. */
const pendingBytesMax = 256 * 1024;

export interface PassThroughEvents {
  /** The request is on its way. */
  onSent?(connection: ServerConnection): void;
  /** RowDescription as the client gets it. */
  readonly onRowDescription?: ((message: Buffer) => void) | undefined;
  /** From the shard's object ids of types to those that the client knows; undefined: they are the same. */
  readonly translate?: ((typeOid: number) => number) | undefined;
  /** An error of the shard. The listener passes it to the client, or keeps it. */
  onError(error: ShardError): void;
  /** Returns true when the message shall not go to the client. */
  onCommandComplete?(message: Buffer): boolean;
  /** The shard waits for CopyData; CopyInResponse has gone to the client. */
  onCopyIn?(): void;
  /** ReadyForQuery of the request; `left` more follow. */
  onReady(status: number, left: number): void;
  onLost(error: AppError): void;
}

export class PassThrough implements AnswerHandler {
  readonly watched: Uint8Array;
  readonly wholeMessages = false;
  readonly includesReady: boolean;
  #sink: ClientSink;
  #events: PassThroughEvents;
  #connection: ServerConnection | undefined;
  #isPaused = false;
  /** The client has got something of the answer. */
  hasAnswered = false;
  /** ParseComplete that the client has got for statements that were prepared already, before anything was sent. */
  earlyParses = 0;

  /** `includesReady`: the shard's ReadyForQuery is also the client's. */
  constructor(sink: ClientSink, events: PassThroughEvents, includesReady: boolean) {
    const hasFields = events.onRowDescription !== undefined || events.translate !== undefined;
    this.watched = tables[events.onCommandComplete === undefined ? 0 : 1]![hasFields ? 1 : 0]!;
    this.includesReady = includesReady;
    this.#sink = sink;
    this.#events = events;
  }

  sent(connection: ServerConnection): void {
    this.#connection = connection;
    this.#events.onSent?.(connection);
  }

  /** The request is sent once more, on another connection: what has come before does not count. */
  forget(): void {
    this.#connection = undefined;
    this.earlyParses = 0;
  }

  forward(bytes: Buffer): boolean {
    if (bytes === parseComplete) this.earlyParses++;
    else this.hasAnswered = true;
    this.#sink.write(bytes);
    const pending = this.#sink.pendingBytes;
    if (pending > pendingBytesMax && !this.#isPaused && this.#connection !== undefined) this.#pause(this.#connection);
    return pending > 0;
  }

  message(type: number, message: Buffer): boolean {
    switch (type) {
      case backend.errorResponse:
        this.hasAnswered = true;
        this.#events.onError(new ShardError(message));
        return false;
      case backend.commandComplete:
        return this.#events.onCommandComplete?.(message) === true ? false : this.forward(message);
      case backend.rowDescription: {
        const { translate } = this.#events;
        const told = translate === undefined ? message : translateRowDescription(message, translate);
        this.#events.onRowDescription?.(told);
        return this.forward(told);
      }
      case backend.parameterDescription: {
        const { translate } = this.#events;
        return this.forward(translate === undefined ? message : translateParameterDescription(message, translate));
      }
      default: {
        const inUse = this.forward(message);
        this.#events.onCopyIn?.();
        return inUse;
      }
    }
  }

  ready(status: number, left: number): void {
    this.#events.onReady(status, left);
  }

  lost(error: AppError): void {
    this.#events.onLost(error);
  }

  #pause(connection: ServerConnection): void {
    this.#isPaused = true;
    connection.pause();
    this.#sink.onDrain(() => {
      this.#isPaused = false;
      connection.resume();
    });
  }
}
