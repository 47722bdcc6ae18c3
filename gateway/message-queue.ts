// The messages of one client, carried out one after the other: while one is being worked on the others wait, and when
// too much of them waits the client is not read.
import type { Frame } from "../src/pgwire/frame-reader.ts";

/** Bytes of messages that wait for their turn; from here on the client is not read. */
const queuedBytesMax = 1024 * 1024;

export interface MessageTaker {
  readonly client: { pause(): void; resume(): void };
  readonly isEnded: boolean;
  /** Offers a message before it is queued; true: it is dealt with. */
  divert(frame: Frame): boolean;
  /** Carries out one message, or begins to: then it calls `begin` now and `done` at the end. */
  handle(frame: Frame): void;
  /** `handle` has thrown. */
  fatal(error: unknown): void;
}

export class MessageQueue {
  #taker: MessageTaker;
  #waiting: Frame[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #isBusy = false;

  constructor(taker: MessageTaker) {
    this.#taker = taker;
  }

  /** A message is being carried out. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  add(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (this.#taker.divert(frame)) continue;
      this.#waiting.push(frame);
      this.#waitingBytes += frame.bytes.length;
    }
    if (!this.#isPaused && this.#waitingBytes > queuedBytesMax) {
      this.#isPaused = true;
      this.#taker.client.pause();
    }
    this.#work();
  }

  /** Offers those that wait to `divert` once more. */
  addAgain(): void {
    const waiting = this.#waiting;
    this.clear();
    this.add(waiting);
  }

  clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** From now until `done` no other message is carried out. */
  begin(): void {
    this.#isBusy = true;
  }

  done(): void {
    this.#isBusy = false;
    if (this.#waiting.length > 0) this.#work();
  }

  /** Carries out what waits until something has to be waited for. */
  #work(): void {
    while (!this.#isBusy && !this.#taker.isEnded) {
      const frame = this.#waiting.shift();
      if (frame === undefined) break;
      this.#waitingBytes -= frame.bytes.length;
      try {
        this.#taker.handle(frame);
      } catch (error) {
        this.#taker.fatal(error);
      }
    }
    if (this.#isPaused && this.#waitingBytes < queuedBytesMax / 2) {
      this.#isPaused = false;
      this.#taker.client.resume();
    }
  }
}
