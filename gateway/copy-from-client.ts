// COPY FROM STDIN: what the client sends between CopyInResponse and CopyDone, either passed on to one shard as it is, or
// given as a stream of data to whoever splits it.
import type { ServerConnection } from "../src/pgclient/server-connection.ts";
import type { Frame } from "../src/pgwire/frame-reader.ts";
import { copyFailMessage, syncMessage } from "../src/pgwire/frontend-encode.ts";
import { frontend, headerBytes } from "../src/pgwire/message-type.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { ClientConnection } from "./client-connection.ts";

export interface CopyFromClient {
  /** True: the message belongs to the COPY. */
  take(frame: Frame): boolean;
  /** A cancel request, or a time limit. */
  interrupt(reason: Error): void;
  /** The client or the session is gone. */
  abort(error: Error): void;
}

/** Flush and Sync are ignored during COPY; any other message ends it with an error. */
function isIgnored(type: number): boolean {
  return type === frontend.flush || type === frontend.sync;
}

function copyFailed(frame: Frame): SqlError {
  if (frame.type === frontend.copyFail) {
    const reason = frame.bytes.toString("utf8", headerBytes, frame.bytes.length - 1);
    return new SqlError({ code: "57014", message: `COPY from stdin failed: ${reason}` });
  }
  return new SqlError({
    code: "08P01",
    message: `unexpected message type 0x${frame.type.toString(16).toUpperCase()} during COPY from stdin`,
  });
}

/** Every message goes to the one shard that carries out the COPY. */
export class CopyForward implements CopyFromClient {
  #connection: ServerConnection;
  #client: ClientConnection;
  #isExtended: boolean;
  #finished: () => void;
  #isPaused = false;

  /** `isExtended`: the shard has ignored the Sync behind Execute, so it needs another one at the end. */
  constructor(connection: ServerConnection, client: ClientConnection, isExtended: boolean, finished: () => void) {
    this.#connection = connection;
    this.#client = client;
    this.#isExtended = isExtended;
    this.#finished = finished;
  }

  take(frame: Frame): boolean {
    if (isIgnored(frame.type)) return true;
    const isData = frame.type === frontend.copyData;
    const isEnd = frame.type === frontend.copyDone || frame.type === frontend.copyFail;
    if (!isData && !isEnd) {
      this.#connection.write(copyFailMessage(copyFailed(frame).message));
      this.#end();
      return false;
    }
    if (!this.#connection.write(frame.bytes) && !this.#isPaused) this.#waitForShard();
    if (isEnd) this.#end();
    return true;
  }

  /** The shard has been told, and ends the COPY as PostgreSQL does: when it comes to the next row. */
  interrupt(): void {}

  abort(error: Error): void {
    this.#connection.write(copyFailMessage(error.message));
    this.#end();
  }

  /** The shard has ended the COPY by an error: it waits for Sync, the rest of the data is dropped. */
  failed(): void {
    this.#end();
  }

  #end(): void {
    if (this.#isExtended) this.#connection.write(syncMessage);
    this.#finished();
  }

  #waitForShard(): void {
    this.#isPaused = true;
    this.#client.pause();
    const resume = () => {
      this.#isPaused = false;
      this.#client.resume();
    };
    this.#connection.drained().then(resume, resume);
  }
}

const waitingBytesMax = 1024 * 1024;

/** The data as a stream that is pulled; the client is not read while much of it waits. */
export class CopyStream implements CopyFromClient, AsyncIterable<Buffer> {
  #client: ClientConnection;
  #finished: () => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #isEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(client: ClientConnection, finished: () => void) {
    this.#client = client;
    this.#finished = finished;
  }

  take(frame: Frame): boolean {
    if (this.#isEnded) return false;
    if (isIgnored(frame.type)) return true;
    if (frame.type === frontend.copyData) {
      const data = frame.bytes.subarray(headerBytes);
      this.#waiting.push(data);
      this.#waitingBytes += data.length;
      if (!this.#isPaused && this.#waitingBytes > waitingBytesMax) {
        this.#isPaused = true;
        this.#client.pause();
      }
      this.#notify();
      return true;
    }
    if (frame.type === frontend.copyDone) {
      this.#end();
      return true;
    }
    this.abort(copyFailed(frame));
    return frame.type === frontend.copyFail;
  }

  /** At once: no shard hears of a cancel request while it waits for data. */
  interrupt(reason: Error): void {
    this.abort(reason);
  }

  abort(error: Error): void {
    this.#error ??= error;
    this.#end();
  }

  /** Nobody wants the rest: it is dropped as it comes. */
  close(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#resume();
    if (!this.#isEnded) this.#end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        this.#waitingBytes -= chunk.length;
        if (this.#waitingBytes < waitingBytesMax / 2) this.#resume();
        yield chunk;
        continue;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #end(): void {
    this.#isEnded = true;
    this.#finished();
    this.#notify();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#client.resume();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
