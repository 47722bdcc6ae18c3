// The rows of one shard's query as a stream that is pulled: batches of whole DataRow messages, as they came off the
// wire. The shard is not read while more than a few batches wait.
import type { AppError } from "../base/app-error.ts";
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import {
  bindValuesMessage,
  closeMessage,
  describeMessage,
  executeMessage,
  parseTextMessage,
  syncMessage,
} from "../pgwire/frontend-encode.ts";
import type { BoundParameters } from "../pgwire/frontend-message.ts";
import { backend } from "../pgwire/message-type.ts";
import { type Field, parseRowDescription } from "../pgwire/row-description.ts";
import type { Participant } from "../transaction/participant.ts";
import type { ClientSink } from "./execution.ts";

const watched = watch(
  backend.errorResponse,
  backend.rowDescription,
  backend.noData,
  backend.commandComplete,
  backend.emptyQueryResponse,
  backend.noticeResponse,
  backend.parameterStatus,
  backend.parseComplete,
  backend.bindComplete,
  backend.closeComplete,
);

const watchedByBind = watch(backend.errorResponse, backend.noticeResponse, backend.parameterStatus);

const waitingBytesMax = 512 * 1024;

export interface ShardQuery {
  readonly sql: string;
  readonly parameters: BoundParameters | undefined;
  /** Types of all parameters, then of `more`. */
  readonly parameterTypes: readonly number[];
  /** Values behind the client's own parameters, in binary. */
  readonly more?: readonly (Uint8Array | null)[];
  /** As in Bind. */
  readonly formats: readonly number[];
}

export class ShardRows implements AnswerHandler {
  readonly watched = watched;
  readonly wholeMessages = true;
  /** Known once `described` has resolved; undefined when the statement gives no rows. */
  fields: readonly Field[] | undefined;
  /** Known at the end. */
  tag = "";
  readonly described: Promise<void>;
  readonly #participant: Participant;
  readonly #query: ShardQuery;
  /** Notices go here as they come. */
  #notices: ClientSink | undefined;
  readonly #isFirst: boolean;
  #batches: Buffer[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #isEnded = false;
  #isDiscarding = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #setDescribed!: () => void;

  /** Nothing is sent yet. `isFirst`: of several shards this is the one whose settings the client is told. */
  constructor(participant: Participant, query: ShardQuery, notices: ClientSink | undefined, isFirst = true) {
    this.#participant = participant;
    this.#query = query;
    this.#isFirst = isFirst;
    this.#notices = notices;
    this.described = new Promise((resolve) => {
      this.#setDescribed = resolve;
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What has gone wrong so far. */
  get error(): Error | undefined {
    return this.#error;
  }

  get participant(): Participant {
    return this.#participant;
  }

  /** Sends the query. */
  run(): void {
    this.#participant.request([...this.#bindMessages(""), ...executeMessages("")], this);
  }

  /** The first half of `run`, within a transaction: from now on the query has its snapshot. */
  bind(portal: string): void {
    const messages = [closeMessage("portal", portal), ...this.#bindMessages(portal), syncMessage];
    this.#participant.request(messages, {
      watched: watchedByBind,
      wholeMessages: true,
      forward: () => false,
      message: (type, message) => this.message(type, message),
      ready: () => {},
      lost: (error) => {
        this.#error ??= error;
      },
    });
  }

  /** The second half. */
  execute(portal: string): void {
    this.#participant.request(executeMessages(portal), this);
  }

  #bindMessages(portal: string): Buffer[] {
    const { sql, parameters, parameterTypes, more = [], formats } = this.#query;
    return [parseTextMessage("", sql, parameterTypes), bindValuesMessage(portal, "", parameters, more, formats)];
  }

  /** The next batch; undefined at the end. Rejects with ShardError or AppError. One caller at a time. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch !== undefined) {
        this.#waitingBytes -= batch.length;
        if (this.#isPaused && this.#waitingBytes < waitingBytesMax / 2) {
          this.#isPaused = false;
          this.#participant.lease.connection.resume();
        }
        return batch;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /**
   * Throws the rest away; resolves when the connection is free again. `isFailed`: the statement has failed, so a query
   * that is still running is cancelled. Otherwise it must end by itself: a cancelled query would fail its transaction.
   */
  async close(isFailed: boolean): Promise<void> {
    if (this.#isEnded) return;
    this.#isDiscarding = true;
    this.#batches = [];
    const { connection } = this.#participant.lease;
    connection.resume();
    if (isFailed) connection.cancel();
    while (!this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  forward(bytes: Buffer): boolean {
    if (this.#isDiscarding) return false;
    this.#batches.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isPaused && this.#waitingBytes > waitingBytesMax) {
      this.#isPaused = true;
      this.#participant.lease.connection.pause();
    }
    this.#notify();
    return true;
  }

  message(type: number, message: Buffer): boolean {
    switch (type) {
      case backend.errorResponse:
        this.#error ??= new ShardError(message);
        break;
      case backend.rowDescription:
        this.fields = parseRowDescription(message);
        this.#setDescribed();
        break;
      case backend.noData:
        this.#setDescribed();
        break;
      case backend.commandComplete:
        this.tag = message.toString("utf8", 5, message.length - 1);
        break;
      case backend.parameterStatus:
        // All shards report the same; one of them is heard.
        if (this.#isFirst) this.#notices?.write(Buffer.from(message));
        break;
      case backend.noticeResponse:
        this.#notices?.write(Buffer.from(message));
        break;
    }
    return false;
  }

  ready(_status: number, left: number): void {
    if (left === 0) this.#end();
  }

  lost(error: AppError): void {
    this.#error ??= error;
    this.#end();
  }

  #end(): void {
    this.#isEnded = true;
    this.#setDescribed();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** A portal with a name would keep its snapshot until the transaction ends. */
function executeMessages(portal: string): Buffer[] {
  const end = portal === "" ? [] : [closeMessage("portal", portal)];
  return [describeMessage("portal", portal), executeMessage(portal), ...end, syncMessage];
}

/** The number at the end of a command tag ("INSERT 0 5": 5); 0 without one. */
export function rowsOfTag(tag: string): number {
  const count = Number(tag.slice(tag.lastIndexOf(" ") + 1));
  return Number.isInteger(count) ? count : 0;
}
