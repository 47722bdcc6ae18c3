// Who reads what a server answers to one request. Bytes that nobody must look into come in as large pieces as they
// arrived; kinds of messages that somebody must look into come one by one.
import type { AppError } from "../base/app-error.ts";

export interface AnswerHandler {
  /** 1 at the types of messages that `message` wants to see; everything else goes to `forward`. */
  readonly watched: Uint8Array;
  /** True: `forward` gets whole messages only. False: a large one may come in pieces, as it arrives. */
  readonly wholeMessages: boolean;
  /** True: ReadyForQuery is part of what goes to `forward`, so that it leaves in one write with what came before it. */
  readonly includesReady?: boolean;
  /** True: a cancel request waits until this request has been answered, and then means the one behind it. */
  readonly isUncancellable?: boolean;
  /** Any number of consecutive messages. Returns true when the memory is still in use after the return. */
  forward(bytes: Buffer): boolean;
  /** One message. Returns true when the memory is still in use after the return. */
  message(type: number, message: Buffer): boolean;
  /** ReadyForQuery; `left` says how many more this request will bring. */
  ready(status: number, left: number): void;
  /** The connection is gone; nothing more will come. `shard` is the error that the server sent before it closed, if any. */
  lost(error: AppError): void;
}

/** A table for `AnswerHandler.watched`. */
export function watch(...types: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const type of types) table[type] = 1;
  return table;
}
