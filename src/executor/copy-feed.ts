// Data into COPY streams: pulled as fast as the shards take it, until it ends or one of them refuses it.
import { assert } from "../base/assert.ts";
import type { CopyInStream } from "./copy-in-stream.ts";
import type { ShardRowSink } from "./copy-row-sink.ts";

/** So much is given to the taker at a time before it is asked whether the shards keep up. */
const pieceBytes = 128 * 1024;
/** A source that pauses for about this long has its rows sent on, so that errors in them are heard of. */
const idleMs = 20;

/** What is done with the data; both may throw. */
export interface DataTaker {
  push(piece: Buffer): void;
  end(): void;
}

/**
 * Waits for the streams to be ready, calls `use`, which gives them their data, and finishes them. Resolves with their
 * command tags. Rejects with the first error; then all of them have ended, and their transaction can only be rolled back.
 */
export async function throughStreams(streams: readonly CopyInStream[], use: () => Promise<void>): Promise<string[]> {
  try {
    await Promise.all(streams.map(({ started }) => started));
    await use();
    return await Promise.all(streams.map((stream) => stream.finish()));
  } catch (error) {
    await Promise.all(streams.map((stream) => stream.abandon()));
    throw error;
  }
}

/** Pulls all data. Gives up at the first error of a stream, even while the source gives nothing. */
export async function feed(
  source: AsyncIterable<Buffer>,
  taker: DataTaker,
  rows: ShardRowSink,
  streams: readonly CopyInStream[],
): Promise<void> {
  const failure = new Failure(streams);
  const data = source[Symbol.asyncIterator]();
  let isAtEnd = false;
  let pieces = 0;
  let piecesSeen = 0;
  const whenIdle = setInterval(() => {
    if (pieces === piecesSeen) rows.flush();
    piecesSeen = pieces;
  }, idleMs);
  try {
    for (;;) {
      const { done, value } = await failure.or(data.next());
      if (done === true) break;
      for (let at = 0; at < value.length; at += pieceBytes) {
        taker.push(value.subarray(at, at + pieceBytes));
        pieces++;
        await failure.or(Promise.all(streams.map((stream) => stream.drained())));
      }
    }
    isAtEnd = true;
    taker.end();
    rows.flush();
  } finally {
    clearInterval(whenIdle);
    // Not waited for: the source may give nothing for long.
    if (!isAtEnd) data.return?.()?.catch(() => {});
  }
  assert(
    streams.every(({ error }) => error === undefined),
    "an error of a shard was passed over",
  );
}

/** The first error of any stream. (Not a promise that is raced: that would keep something of every piece until the end.) */
class Failure {
  #error: Error | undefined;
  #reject: (error: Error) => void = () => {};

  constructor(streams: readonly CopyInStream[]) {
    for (const stream of streams) {
      if (stream.error !== undefined) this.#error ??= stream.error;
      stream.onError = (error) => {
        this.#error ??= error;
        this.#reject(this.#error);
      };
    }
  }

  /** As `promise`, unless a stream fails first. One at a time. */
  or<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
      if (this.#error !== undefined) reject(this.#error);
    });
  }
}

/** Everything to all streams. */
export function forAll(rows: ShardRowSink): DataTaker {
  return { push: (piece) => rows.everywhere(piece, 0, piece.length, false), end: () => {} };
}
