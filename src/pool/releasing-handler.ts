// Between a shared connection and the handler of one request.
import type { AppError } from "../base/app-error.ts";
import type { AnswerHandler } from "../pgclient/answer-handler.ts";

/** Passes everything on, and gives the connection back when the last ReadyForQuery has come. */
export class ReleasingHandler implements AnswerHandler {
  readonly watched: Uint8Array;
  readonly wholeMessages: boolean;
  readonly includesReady: boolean;
  #inner: AnswerHandler;
  #release: () => void;

  constructor(inner: AnswerHandler, release: () => void) {
    this.#inner = inner;
    this.watched = inner.watched;
    this.wholeMessages = inner.wholeMessages;
    this.includesReady = inner.includesReady === true;
    this.#release = release;
  }

  forward(bytes: Buffer): boolean {
    return this.#inner.forward(bytes);
  }

  message(type: number, message: Buffer): boolean {
    return this.#inner.message(type, message);
  }

  ready(status: number, left: number): void {
    if (left === 0) this.#release();
    this.#inner.ready(status, left);
  }

  lost(error: AppError): void {
    this.#inner.lost(error);
  }
}
