// Splits a byte stream into messages. A message that lies within one chunk is a slice of it; only one that is split
// over chunks is copied, once, when its last byte has come.
import { headerBytes } from "./message-type.ts";
import { SqlError } from "./sql-error.ts";

export interface Frame {
  readonly type: number;
  /** The whole message, header included. */
  readonly bytes: Buffer;
}

export class FrameReader {
  #maxBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Total length of the message that is being collected; 0 while its header is incomplete. */
  #wanted = 0;

  /** A message longer than `maxBytes` is an error before its body is collected. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait for the rest of their message. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Appends the messages that `chunk` completes to `into`. Throws SqlError 08P01 for an impossible length. */
  push(chunk: Buffer, into: Frame[]): void {
    let rest = chunk;
    if (this.#buffered > 0) {
      rest = this.#complete(chunk, into);
      if (this.#buffered > 0) return;
    }
    let at = 0;
    while (rest.length - at >= headerBytes) {
      const total = this.#totalLength(rest, at);
      if (rest.length - at < total) break;
      into.push({ type: rest[at]!, bytes: at === 0 && total === rest.length ? rest : rest.subarray(at, at + total) });
      at += total;
    }
    if (at < rest.length) this.#keep(rest.subarray(at));
  }

  #totalLength(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at + 1);
    if (length < 4 || length + 1 > this.#maxBytes) {
      throw new SqlError({ severity: "FATAL", code: "08P01", message: "invalid message length" });
    }
    return length + 1;
  }

  #keep(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    if (bytes.length >= headerBytes) this.#wanted = this.#totalLength(bytes, 0);
  }

  /** Adds to the message that is being collected; returns what follows it in `chunk`. */
  #complete(chunk: Buffer, into: Frame[]): Buffer {
    let used = 0;
    if (this.#wanted === 0) {
      used = Math.min(headerBytes - this.#buffered, chunk.length);
      const header = Buffer.concat([...this.#chunks, chunk.subarray(0, used)]);
      this.#chunks = [header];
      this.#buffered = header.length;
      if (header.length < headerBytes) return chunk.subarray(used);
      this.#wanted = this.#totalLength(header, 0);
    }
    const take = Math.min(this.#wanted - this.#buffered, chunk.length - used);
    if (take > 0) {
      this.#chunks.push(chunk.subarray(used, used + take));
      this.#buffered += take;
      used += take;
    }
    if (this.#buffered === this.#wanted) {
      const bytes = Buffer.concat(this.#chunks, this.#wanted);
      into.push({ type: bytes[0]!, bytes });
      this.#chunks = [];
      this.#buffered = 0;
      this.#wanted = 0;
    }
    return chunk.subarray(used);
  }
}
