// One client's socket: frames in, bytes out, and the client's own pace.
import type { Socket } from "node:net";
import type { ClientSink } from "../src/executor/execution.ts";
import { type Frame, FrameReader } from "../src/pgwire/frame-reader.ts";

export interface ClientEvents {
  frames(frames: Frame[]): void;
  /** Bytes that are no messages; the connection is of no use any more. */
  garbage(error: Error): void;
  closed(): void;
}

/** PostgreSQL's own limit for a message (PQ_LARGE_MESSAGE_LIMIT). */
const messageBytesMax = 0x3fffffff;

export class ClientConnection implements ClientSink {
  readonly #socket: Socket;
  #reader = new FrameReader(messageBytesMax);
  #drainListeners: (() => void)[] = [];
  #isClosed = false;
  #isEnding = false;
  #events: ClientEvents | undefined;
  #pauses = 0;
  /** How often something has been written to the client. */
  writes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("drain", () => this.#drained());
    socket.on("close", () => {
      this.#isClosed = true;
      this.#drained();
      this.#events?.closed();
    });
    // What follows an error is "close".
    socket.on("error", () => socket.destroy());
  }

  /** From now on what the client sends goes to `events`; `first` is what has been read already. */
  listen(events: ClientEvents, first: Buffer): void {
    this.#events = events;
    this.#socket.on("data", (chunk: Buffer) => this.#received(chunk));
    if (first.length > 0) this.#received(first);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): boolean {
    this.writes++;
    return this.#isClosed || this.#isEnding ? true : this.#socket.write(bytes);
  }

  /** What is written until `uncork` leaves together. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  drained(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new ClientGone());
    if (!this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.onDrain(() => (this.#isClosed ? reject(new ClientGone()) : resolve()));
    });
  }

  onDrain(listener: () => void): void {
    if (this.#isClosed || !this.#socket.writableNeedDrain) listener();
    else this.#drainListeners.push(listener);
  }

  /** Stops reading until `resume` has been called as often. */
  pause(): void {
    if (this.#pauses++ === 0) this.#socket.pause();
  }

  resume(): void {
    if (--this.#pauses === 0) this.#socket.resume();
  }

  /** Sends what is written, then closes. A client that does not read is cut off after a second. */
  end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  #received(chunk: Buffer): void {
    const frames: Frame[] = [];
    try {
      this.#reader.push(chunk, frames);
    } catch (error) {
      this.#events?.garbage(error as Error);
      return;
    }
    if (frames.length > 0) this.#events?.frames(frames);
  }

  #drained(): void {
    for (const listener of this.#drainListeners.splice(0)) listener();
  }
}

export class ClientGone extends Error {
  override readonly name = "ClientGone";
  constructor() {
    super("the client has closed its connection");
  }
}
