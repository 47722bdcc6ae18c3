// Cuts what a server sends into the pieces that an AnswerHandler wants, without copying: runs of unwatched messages
// stay one slice. Only a message that must be whole and is split over two reads is copied.
import { assert } from "../base/assert.ts";
import { backend, headerBytes } from "../pgwire/message-type.ts";
import type { AnswerHandler } from "./answer-handler.ts";

export interface AnswerSource {
  /** The handler of the request that is being answered; undefined when the server speaks unasked. */
  current(): AnswerHandler | undefined;
  /** A message that the connection itself must see: ReadyForQuery, ParameterStatus, ... Returns true when it is consumed. */
  own(type: number, message: Buffer): boolean;
}

/** Messages that the connection looks into before any handler does. */
const ownTypes = new Uint8Array(256);
for (const type of [
  backend.readyForQuery,
  backend.parameterStatus,
  backend.parseComplete,
  backend.errorResponse,
  backend.notificationResponse,
  backend.noticeResponse,
  backend.backendKeyData,
  backend.authentication,
  backend.negotiateProtocolVersion,
]) {
  ownTypes[type] = 1;
}

export class AnswerReader {
  #source: AnswerSource;
  /** Start of a message whose rest has not come yet. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes left of a message that is being forwarded in pieces. */
  #passing = 0;

  constructor(source: AnswerSource) {
    this.#source = source;
  }

  /** Returns true when somebody still uses the memory of `chunk`. */
  push(chunk: Buffer): boolean {
    let kept = false;
    let at = 0;
    if (this.#passing > 0) {
      const piece = Math.min(this.#passing, chunk.length);
      this.#passing -= piece;
      kept = this.#source.current()?.forward(chunk.subarray(0, piece)) ?? false;
      at = piece;
    } else if (this.#held > 0) {
      at = this.#fill(chunk);
      if (this.#held > 0) return false;
    }
    return this.#scan(chunk, at) || kept;
  }

  #scan(chunk: Buffer, start: number): boolean {
    let kept = false;
    let at = start;
    /** Start of the run of messages that go to `forward` together. */
    let run = at;
    let handler = this.#source.current();
    while (at + headerBytes <= chunk.length) {
      const type = chunk[at]!;
      const end = at + 1 + chunk.readInt32BE(at + 1);
      assert(end >= at + headerBytes, "a server sent a message of impossible length");
      if (end > chunk.length) break;
      if (type === backend.readyForQuery && handler?.includesReady === true) {
        if (handler.forward(chunk.subarray(run, end))) kept = true;
        this.#source.own(type, chunk.subarray(at, end));
        run = end;
        handler = this.#source.current();
      } else if (handler === undefined || ownTypes[type] === 1 || handler.watched[type] === 1) {
        if (run < at && handler?.forward(chunk.subarray(run, at))) kept = true;
        if (this.#deliver(type, chunk.subarray(at, end))) kept = true;
        run = end;
        handler = this.#source.current();
      }
      at = end;
    }
    if (run < at && handler?.forward(chunk.subarray(run, at))) kept = true;
    if (at < chunk.length && this.#begin(chunk, at, handler)) kept = true;
    return kept;
  }

  /** The chunk ends within the message at `at`: passes its piece on, or keeps it. */
  #begin(chunk: Buffer, at: number, handler: AnswerHandler | undefined): boolean {
    const available = chunk.length - at;
    if (available >= headerBytes && handler !== undefined && !handler.wholeMessages) {
      const type = chunk[at]!;
      if ((type === backend.dataRow || type === backend.copyData) && handler.watched[type] === 0) {
        this.#passing = 1 + chunk.readInt32BE(at + 1) - available;
        return handler.forward(chunk.subarray(at));
      }
    }
    this.#pieces.push(Buffer.from(chunk.subarray(at)));
    this.#held = available;
    return false;
  }

  /** Adds to the message that was begun in an earlier chunk; returns where the next one starts. */
  #fill(chunk: Buffer): number {
    let at = 0;
    if (this.#held < headerBytes) {
      at = Math.min(headerBytes - this.#held, chunk.length);
      this.#hold(chunk.subarray(0, at));
      if (this.#held < headerBytes) return at;
    }
    const first = this.#held > this.#pieces[0]!.length ? this.#joined() : this.#pieces[0]!;
    const total = 1 + first.readInt32BE(1);
    assert(total >= headerBytes, "a server sent a message of impossible length");
    const piece = Math.min(total - this.#held, chunk.length - at);
    if (piece > 0) this.#hold(chunk.subarray(at, at + piece));
    at += piece;
    if (this.#held === total) {
      const message = this.#joined();
      this.#pieces = [];
      this.#held = 0;
      this.#whole(message);
    }
    return at;
  }

  #hold(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#held += bytes.length;
  }

  #joined(): Buffer {
    // Joined only when the header is split or the message is complete, so that a large one is not copied per chunk.
    if (this.#pieces.length === 1) return this.#pieces[0]!;
    if (this.#pieces[0]!.length >= headerBytes && this.#held < 1 + this.#pieces[0]!.readInt32BE(1)) {
      return this.#pieces[0]!;
    }
    const joined = Buffer.concat(this.#pieces, this.#held);
    this.#pieces = [joined];
    return joined;
  }

  /** A message that came in pieces; its memory is its own. */
  #whole(message: Buffer): void {
    const type = message[0]!;
    const handler = this.#source.current();
    if (type === backend.readyForQuery && handler?.includesReady === true) handler.forward(message);
    if (handler === undefined || ownTypes[type] === 1 || handler.watched[type] === 1) this.#deliver(type, message);
    else handler.forward(message);
  }

  #deliver(type: number, message: Buffer): boolean {
    if (ownTypes[type] === 1 && this.#source.own(type, message)) return false;
    const handler = this.#source.current();
    if (handler === undefined) return false;
    return handler.watched[type] === 1 ? handler.message(type, message) : handler.forward(message);
  }
}
